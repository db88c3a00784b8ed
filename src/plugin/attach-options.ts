import type { AxiosInstance, AxiosResponse } from 'axios';
import type { AuthRefreshListener, Vendor } from '../core/index.ts';
import { numberProblems, prefixed, refuse, urlProblem } from '../core/internal.ts';
import type { TokenManager, TokenManagerOptions } from '../token/index.ts';
import { managerProblems } from '../token/internal.ts';
import type { RetryOptions } from './retry.ts';

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
   * It is asked about no other status, and not about a 401 that came after a redirect to elsewhere. The body is not
   * parsed yet.
   */
  shouldRefresh?:
    | ((response: AxiosResponse) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Is told about refreshes, replays, retries and store failures. */
  onEvent?: AuthRefreshListener | undefined;
}

// All others are the token manager's.
const OWN = new Set([
  'tokens',
  'resourceOrigins',
  'maxReplays',
  'retry',
  'shouldRefresh',
  'onEvent',
  'random',
]);

/**
 * @param attached whether the instance is attached already.
 * @throws ConfigurationError that lists everything wrong.
 */
export function checkAttachOptions(
  instance: AxiosInstance,
  options: AuthRefreshOptions,
  attached: boolean,
): void {
  const given = options ?? {};
  const { tokens, resourceOrigins = [], retry } = given;
  const foreign = Object.entries(given).filter(([name, value]) => value !== undefined && !OWN.has(name));
  const isAxios = typeof instance?.interceptors?.request?.use === 'function';
  refuse('attachAuthRefresh', [
    !isAxios && 'the first argument is no axios instance',
    isAxios &&
      typeof instance !== 'function' &&
      retry !== false &&
      'axios-retry sends again only through an instance of axios.create(): use one, or set retry to false',
    attached &&
      'this instance is attached already: detach() it first; `tokens` shares a token between instances',
    // It would look like credentials of the caller's own on every request, and no token would ever be sent.
    hasCredentials(instance?.defaults) &&
      "the instance's default headers hold Authorization, or its defaults auth: remove it, the plugin sets the token",
    ...(tokens
      ? foreign.map(([name]) => `${name} belongs to the token manager given as tokens`)
      : managerProblems(given as Partial<TokenManagerOptions>)),
    ...resourceOrigins.map((url) => prefixed('resourceOrigins', urlProblem(url))),
    ...numberProblems(given, ['maxReplays']),
    ...numberProblems(retry || {}, ['retries', 'baseDelay', 'maxRetryAfter']),
  ]);
}

/** Credentials among an instance's defaults: of all methods, of one, or for Basic. */
function hasCredentials(defaults: Partial<AxiosInstance['defaults']> | undefined): boolean {
  const isAuthorization = ([name, value]: [string, unknown]) =>
    name.toLowerCase() === 'authorization' && value != null;
  const entries = Object.entries(defaults?.headers ?? {}) as [string, unknown][];
  return (
    defaults?.auth != null ||
    entries.some((entry) => isAuthorization(entry) || Object.entries(Object(entry[1])).some(isAuthorization))
  );
}
