import type { InternalAxiosRequestConfig } from 'axios';
import type { AuthRefreshEvent } from '../core/index.ts';
import { urlProblem } from '../core/internal.ts';

/** Why a request is sent without a token. */
export type SkipReason = Extract<AuthRefreshEvent, { type: 'request-skipped' }>['reason'];

/** Returns `opted-out` or `own-credentials` for a request that wants no token. */
export function ownReason({
  authRefresh,
  auth,
  headers,
}: InternalAxiosRequestConfig): SkipReason | undefined {
  if (authRefresh === false) return 'opted-out';
  return auth != null || headers.get('Authorization') != null ? 'own-credentials' : undefined;
}

/** Returns why a URL outside of the resource origins receives no token. */
export function originReason(url: string): SkipReason {
  const problem = urlProblem(url) ?? '';
  if (problem.endsWith('holds credentials')) return 'own-credentials';
  return problem && /^http:/i.test(url) ? 'insecure-origin' : 'foreign-origin';
}
