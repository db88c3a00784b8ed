import type { AxiosInstance, AxiosResponse } from 'axios';
import type { AuthRefreshListener } from './events.ts';
import { collectProblems } from './problems.ts';
import { parseOrigin } from './resource-origins.ts';
import type { RetryOptions } from './retry.ts';
import type { TokenManager } from './token-manager.ts';
import type { TokenManagerOptions } from './token-manager-options.ts';
import type { Vendor } from './vendors/vendor.ts';

/** Options of {@link attachAuthRefresh}: those of its token manager, or `tokens` in their place, and these. */
export interface AuthRefreshOptions extends Omit<TokenManagerOptions, 'inherit' | 'vendor'> {
  /** The OAuth client's vendor; needed unless `tokens` is given. */
  vendor?: Vendor | undefined;
  /** A manager made by `createTokenManager`, so that several instances share one token. */
  tokens?: TokenManager | undefined;
  /**
   * Where the token may be sent besides the vendor's origins and that of the instance's `baseURL`: https only,
   * loopback excepted.
   * @default []
   * @example ['https://reports.example.com']
   */
  resourceOrigins?: readonly string[] | undefined;
  /** How often one request is replayed. @default 1 */
  maxReplays?: number | undefined;
  /** When requests are retried after 429, 5xx and network errors; `false` leaves that to others. @default {} */
  retry?: RetryOptions | false | undefined;
  /**
   * Decides whether a 401 is a rejection of the token, before the vendor is asked; undefined leaves it to the vendor.
   * The body is not parsed yet.
   */
  shouldRefresh?:
    | ((response: AxiosResponse) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Is told about refreshes, replays, retries and store failures. */
  onEvent?: AuthRefreshListener | undefined;
}

const MANAGER_OPTIONS = [
  'vendor',
  'refreshBuffer',
  'defaultLifetime',
  'tokenTimeout',
  'tokenRetries',
  'tokenRetryDelay',
  'tokenClient',
  'store',
  'clock',
] as const satisfies readonly (keyof AuthRefreshOptions)[];

/**
 * @param attached whether the instance is attached already.
 * @throws ConfigurationError that lists everything wrong.
 */
export function checkAttachOptions(
  instance: AxiosInstance,
  options: AuthRefreshOptions,
  attached: boolean,
): void {
  const problems = collectProblems('attachAuthRefresh');
  problems.unless(
    typeof instance?.interceptors?.request?.use === 'function',
    'the first argument must be an axios instance',
  );
  problems.unless(
    !attached,
    'this instance is attached already: call detach() first, or pass `tokens` to share a token between instances',
  );
  // It would look like credentials of the caller's own on every request, and no token would ever be sent.
  problems.unless(
    instance?.defaults?.headers?.common?.Authorization === undefined,
    "the instance's default headers hold Authorization: remove it, the plugin sets it",
  );
  const given = options ?? {};
  problems.unless(given.vendor || given.tokens, 'vendor is missing');
  if (given.tokens) {
    for (const name of MANAGER_OPTIONS) {
      problems.unless(given[name] === undefined, `${name} belongs to the token manager given as tokens`);
    }
  }
  for (const origin of given.resourceOrigins ?? []) {
    const parsed = parseOrigin(origin);
    if ('problem' in parsed) problems.unless(false, `resourceOrigins: ${parsed.problem}`);
  }
  problems.unlessNumbers(given, ['maxReplays']);
  if (given.retry) problems.unlessNumbers(given.retry, ['retries', 'baseDelay', 'maxRetryAfter']);
  problems.throwIfAny();
}
