import type { AxiosInstance } from 'axios';
import type { AuthRefreshListener, Clock, SharedTokenStore, TokenSet, Vendor } from '../core/index.ts';
import { type OptionTable, originProblems, type Problem } from '../core/internal.ts';

/** Options of {@link createTokenManager}. Durations are in milliseconds. */
export interface TokenManagerOptions {
  vendor: Vendor;
  /**
   * How long before its expiry a token is refreshed in the background.
   * @default 300_000, and at most a fifth of the token's lifetime
   */
  refreshBuffer?: number | undefined;
  /** The lifetime of a token if the server does not state one. @default 3_600_000 */
  defaultLifetime?: number | undefined;
  /** The longest time that one refresh may take, including its retries. @default 30_000 */
  tokenTimeout?: number | undefined;
  /** How often a token request is retried after network errors, 408, 429 and 5xx. @default 3 */
  tokenRetries?: number | undefined;
  /** The wait before the first of these retries. It doubles each time. @default 500 */
  tokenRetryDelay?: number | undefined;
  /**
   * The instance that sends token requests, with its default headers except `Authorization`.
   * @default a new instance with the proxy and agents of `transportFrom`, and without the headers of `axios.defaults`
   */
  tokenClient?: AxiosInstance | undefined;
  /** The instance whose proxy and agents token requests use. `attachAuthRefresh` passes its own instance. */
  transportFrom?: AxiosInstance | undefined;
  /**
   * Stores tokens outside of this manager and lets one process at a time fetch them: `fileStore`, `redisStore`, `memoryStore`, or your own
   * store wrapped by `sharedStore`.
   * @default no store
   */
  store?: SharedTokenStore | undefined;
  /**
   * What happens when the store fails. `fetch`: the manager fetches the token without the store, and does not share it. `fail`: the
   * manager fetches no token and requests fail. Use `fail` for refresh tokens that rotate, because a server revokes a refresh token that two
   * processes use. With `fail`, a token that could not be stored is used, and stored as soon as the store works again; a script waits
   * up to `tokenTimeout` for that.
   * @default 'fetch'
   */
  onStoreFailure?: 'fetch' | 'fail' | undefined;
  /**
   * Receives each token that this manager has fetched, but no token that another process has fetched. For applications that keep rotating
   * refresh tokens in a database of their own. Requests wait until the returned promise resolves, at most until `tokenTimeout`.
   * If it rejects, the refresh fails, and the next refresh passes the same token again instead of fetching another one.
   * @default none
   * @example
   * ({ refreshToken }) => db.accounts.update(id, { refreshToken })
   */
  onToken?: ((token: TokenSet) => void | Promise<void>) | undefined;
  /** Receives events about refreshes and store failures. */
  onEvent?: AuthRefreshListener | undefined;
  /** @default the system clock */
  clock?: Clock | undefined;
  /** Returns a number from 0 to 1. @default Math.random */
  random?: (() => number) | undefined;
}

export const MANAGER_OPTIONS: OptionTable<TokenManagerOptions> = {
  vendor: 'any',
  refreshBuffer: 'number',
  defaultLifetime: 'number',
  tokenTimeout: 'number',
  tokenRetries: 'number',
  tokenRetryDelay: 'number',
  tokenClient: 'any',
  transportFrom: 'any',
  store: 'any',
  onStoreFailure: 'any',
  onEvent: 'function',
  onToken: 'function',
  clock: 'object',
  random: 'function',
};

/** Lists the problems with the values of a token manager's options. */
export function managerProblems(
  options: { vendor?: Vendor | undefined } & Partial<Omit<TokenManagerOptions, 'vendor'>>,
): Problem[] {
  const { vendor, store, onStoreFailure } = options;
  return [
    ...vendorProblems(vendor),
    options.tokenClient !== undefined &&
      typeof options.tokenClient?.request !== 'function' &&
      'tokenClient must be an axios instance',
    store !== undefined && typeof store?.share !== 'function' && 'wrap your store: sharedStore(store)',
    ![undefined, 'fetch', 'fail'].includes(onStoreFailure) && "onStoreFailure must be 'fetch' or 'fail'",
  ];
}

function vendorProblems(vendor: Vendor | undefined): (string | undefined)[] {
  if (typeof vendor?.grant !== 'function' || !Array.isArray(vendor.resourceOrigins)) {
    return ['vendor must be a Vendor, such as genesysCloud()'];
  }
  return originProblems('vendor.resourceOrigins', vendor.resourceOrigins);
}
