import axios, { type AxiosInstance } from 'axios';
import type { AuthRefreshListener, SharedTokenStore, Vendor } from '../core/index.ts';
import { attachAuthRefresh } from '../plugin/index.ts';
import type { TokenManager } from '../token/index.ts';

/** An axios instance with the plugin attached. */
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

// A batch job can wait longer than a person. A longer Retry-After is a daily limit: waiting would take hours.
const MAX_RETRY_AFTER = 5 * 60_000;

// The new token can be revoked while the request waits for the rate limit.
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
