import type { AxiosInstance, AxiosResponse } from 'axios';
import type { AuthRefreshListener, Vendor } from '../core/index.ts';
import { numberProblems, originProblems, refuse } from '../core/internal.ts';
import type { TokenManager, TokenManagerOptions } from '../token/index.ts';
import { managerProblems } from '../token/internal.ts';
import type { RetryOptions } from './retry.ts';

/** Options of {@link attachAuthRefresh}: those of its token manager, or `tokens` in their place, and these. */
export interface AuthRefreshOptions extends Omit<TokenManagerOptions, 'transportFrom' | 'vendor'> {
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
   * It is asked about no other status, and not about a 401 that came after a redirect to elsewhere. The body is not
   * parsed yet.
   */
  shouldRefresh?:
    | ((response: AxiosResponse) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Is told about refreshes, replays, retries and store failures. */
  onEvent?: AuthRefreshListener | undefined;
}

/**
 * @param isAttached whether the plugin is attached to the instance already.
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
  refuse('attachAuthRefresh', [
    isAxios
      ? typeof instance !== 'function' &&
        retry !== false &&
        'retry requires an instance of axios.create(); otherwise set retry to false'
      : 'the first argument must be an axios instance',
    isAttached && 'call detach() first: the plugin is attached already',
    // They would look like the caller's own credentials on every request, and no token would ever be sent.
    hasCredentials(instance?.defaults) && "remove Authorization and auth from the instance's defaults",
    ...(tokens
      ? Object.entries(forManager).map(
          ([name, value]) => value !== undefined && `pass ${name} to createTokenManager, not beside tokens`,
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

/** Tells whether an instance's defaults hold credentials: for all methods, for one, or for HTTP Basic. */
function hasCredentials(defaults: Partial<AxiosInstance['defaults']> | undefined): boolean {
  // JSON has no form of a BigInt.
  const headers = JSON.stringify(defaults?.headers, (_, value) => typeof value === 'bigint' || value);
  return defaults?.auth != null || /"authorization":(?!null)/i.test(headers);
}
