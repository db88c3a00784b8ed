import type { AxiosInstance } from 'axios';
import type { AuthRefreshListener, Clock, TokenStore, Vendor } from '../core/index.ts';
import { numberProblems, prefixed, refuse, urlProblem } from '../core/internal.ts';

/** Options of {@link createTokenManager}. Durations are in milliseconds. */
export interface TokenManagerOptions {
  vendor: Vendor;
  /**
   * How long before its expiry a token is refreshed in the background.
   * @default 300_000, and at most a fifth of the token's lifetime
   */
  refreshBuffer?: number | undefined;
  /** How long a token is taken to live when the server does not say. @default 3_600_000 */
  defaultLifetime?: number | undefined;
  /** How long one refresh may take, its retries included. @default 30_000 */
  tokenTimeout?: number | undefined;
  /** How often a token request is retried after network errors, 408, 429 and 5xx. @default 3 */
  tokenRetries?: number | undefined;
  /** The wait before the first of these retries; it doubles each time. @default 500 */
  tokenRetryDelay?: number | undefined;
  /** The instance that sends token requests. @default a new one with the proxy and agents of `inherit` */
  tokenClient?: AxiosInstance | undefined;
  /** The instance whose proxy and agents token requests use. `attachAuthRefresh` gives its own. */
  inherit?: AxiosInstance | undefined;
  /** Where tokens are kept beyond this manager, and fetched by turns with others. @default nowhere */
  store?: TokenStore | undefined;
  /**
   * What a store that fails costs. `fetch`: the token is fetched without it, and is not shared. `fail`: no token is
   * fetched, and requests fail, for refresh tokens that rotate: one that two processes use is revoked. A token that could
   * not be written is used, and written as soon as the store works again; up to `tokenTimeout` a script waits for that.
   * @default 'fetch'
   */
  onStoreFailure?: 'fetch' | 'fail' | undefined;
  /** Is told about refreshes and store failures. */
  onEvent?: AuthRefreshListener | undefined;
  /** @default the machine's */
  clock?: Clock | undefined;
  /** A number from 0 to 1. @default Math.random */
  random?: (() => number) | undefined;
}

/** @throws ConfigurationError that lists everything wrong with them. */
export function checkTokenManagerOptions(options: TokenManagerOptions): void {
  refuse('createTokenManager', managerProblems(options));
}

/** What is wrong with a token manager's options. */
export function managerProblems(
  options: Partial<TokenManagerOptions>,
): (string | false | null | undefined)[] {
  return [
    ...vendorProblems(options.vendor),
    options.store !== undefined &&
      // Whatever else it is, others could have the same.
      (typeof options.vendor?.tokenKey !== 'string' || options.vendor.tokenKey === '') &&
      'store needs a vendor with a tokenKey, a text that says whose tokens these are',
    ...storeProblems(options.store),
    ![undefined, 'fetch', 'fail'].includes(options.onStoreFailure) &&
      "onStoreFailure must be 'fetch' or 'fail'",
    ...numberProblems(options, [
      'refreshBuffer',
      'defaultLifetime',
      'tokenTimeout',
      'tokenRetries',
      'tokenRetryDelay',
    ]),
  ];
}

function storeProblems(store: TokenStore | undefined): (string | false)[] {
  if (store === undefined) return [];
  const missing = (['get', 'set', 'withLock'] as const).filter((name) => typeof store?.[name] !== 'function');
  return [missing.length > 0 && `store lacks ${missing.join(', ')}: see TokenStore`];
}

function vendorProblems(vendor: Vendor | undefined): (string | undefined)[] {
  if (typeof vendor?.grant !== 'function' || !Array.isArray(vendor.resourceOrigins)) {
    return ['vendor must be one that genesysCloud(), niceCxone() or oauth2Vendor() made, or of their shape'];
  }
  return vendor.resourceOrigins.map((url) => prefixed('vendor.resourceOrigins', urlProblem(url)));
}
