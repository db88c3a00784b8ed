import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import type { AuthRefreshListener, Vendor } from '../core/index.ts';
import { numberProblems, originProblems, refuse, warn } from '../core/internal.ts';
import type { TokenManager, TokenManagerOptions } from '../token/index.ts';
import { managerProblems } from '../token/internal.ts';
import type { RetryOptions } from './retry.ts';

/** Options of {@link attachAuthRefresh}. `tokens` replaces the options of the token manager. */
export interface AuthRefreshOptions extends Omit<TokenManagerOptions, 'transportFrom' | 'vendor'> {
  /** The vendor of the OAuth client. Required unless `tokens` is set. */
  vendor?: Vendor | undefined;
  /** A token manager from `createTokenManager`, so that several instances share one token. */
  tokens?: TokenManager | undefined;
  /**
   * Origins that may receive the token, in addition to the vendor's origins and the origin of the instance's `baseURL`. They must use
   * https, except for loopback.
   * @default []
   * @example ['https://reports.example.com']
   */
  resourceOrigins?: readonly string[] | undefined;
  /** How often one request is replayed. @default 1 */
  maxReplays?: number | undefined;
  /** When requests are retried after 429, 5xx and network errors. `false` installs no retry. @default {} */
  retry?: RetryOptions | false | undefined;
  /**
   * Returns whether a 401 rejects the token. If it returns undefined, the vendor decides. Called only for a 401, and not after a
   * redirect to another origin. The response body is not parsed yet.
   */
  shouldRefresh?:
    | ((response: AxiosResponse) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Receives events about refreshes, replays, retries and store failures. */
  onEvent?: AuthRefreshListener | undefined;
}

/**
 * Checks the arguments of {@link attachAuthRefresh}.
 *
 * @param isAttached whether the plugin is already attached to the instance.
 * @throws ConfigurationError that lists every problem.
 */
export function checkAttachOptions(
  instance: AxiosInstance,
  options: AuthRefreshOptions,
  isAttached: boolean,
): void {
  const {
    tokens,
    resourceOrigins = [],
    maxReplays,
    retry,
    shouldRefresh,
    onEvent,
    random,
    ...forManager
  } = options ?? {};
  const isAxios = typeof instance?.interceptors?.request?.use === 'function';
  const { VERSION, getAdapter } = axios;
  const needed = 'axios-oauth-refresh needs 1.5.0 or later';
  if (Number.parseInt(VERSION, 10) > 1) warn(`axios ${VERSION} is untested: ${needed}, below 2`);
  refuse('attachAuthRefresh', [
    !getAdapter && `axios ${VERSION} is too old: ${needed}`,
    isAxios
      ? typeof instance !== 'function' && retry !== false && 'use axios.create() or set retry to false'
      : 'the first argument must be an axios instance',
    isAttached && 'call detach() first: the plugin is attached',
    // The plugin would treat them as the caller's own credentials on every request, and never send a token.
    hasCredentials(instance?.defaults) && 'remove Authorization and auth from the defaults',
    ...(tokens
      ? Object.entries(forManager).map(
          ([name, value]) => value !== undefined && `pass ${name} to createTokenManager`,
        )
      : managerProblems(forManager)),
    ...originProblems('resourceOrigins', resourceOrigins),
    ...numberProblems({ maxReplays, ...(retry || {}) }, [
      'maxReplays',
      'retries',
      'baseDelay',
      'maxRetryAfter',
    ]),
  ]);
}

/** Returns whether an instance's defaults contain credentials: for all methods, for one method, or for HTTP Basic. */
function hasCredentials(defaults: Partial<AxiosInstance['defaults']> | undefined): boolean {
  // JSON has no form of a BigInt.
  const headers = JSON.stringify(defaults?.headers, (_, value) => typeof value === 'bigint' || value);
  return defaults?.auth != null || /"authorization":(?!null)/i.test(headers);
}
