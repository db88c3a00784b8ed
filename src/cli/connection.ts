import axios, { type AxiosInstance } from 'axios';
import type { AuthRefreshListener, SharedTokenStore, Vendor } from '../core/index.ts';
import { attachAuthRefresh } from '../plugin/index.ts';
import type { TokenManager } from '../token/index.ts';

/** An axios instance with the plugin on it. */
export interface Connection {
  api: AxiosInstance;
  tokens: TokenManager;
}

/** Options of {@link connect}. Durations are in milliseconds. */
export interface ConnectionOptions {
  vendor: Vendor;
  baseUrl?: string | undefined;
  retries?: number | undefined;
  timeout?: number | undefined;
  /** @default none */
  store?: SharedTokenStore | undefined;
  onEvent?: AuthRefreshListener | undefined;
}

// A batch job waits instead of failing, because no person waits for one of its requests. Daily limits take hours.
const MAX_RETRY_AFTER = 5 * 60_000;

// While a request waits for the rate limit, its new token can be revoked too.
const MAX_REPLAYS = 3;

/** Creates the axios instance of a run. axios reads the proxies from `HTTPS_PROXY` and `NO_PROXY`. */
export function connect({
  vendor,
  baseUrl,
  retries,
  timeout,
  store,
  onEvent,
}: ConnectionOptions): Connection {
  const api = axios.create({
    ...(baseUrl !== undefined && { baseURL: baseUrl }),
    ...(timeout !== undefined && { timeout }),
  });
  const { tokens } = attachAuthRefresh(api, {
    vendor,
    store,
    onEvent,
    maxReplays: MAX_REPLAYS,
    retry: { retries, maxRetryAfter: MAX_RETRY_AFTER },
  });
  return { api, tokens };
}
