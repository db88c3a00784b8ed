import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
} from 'axios';
import pThrottle from 'p-throttle';
import type { Clock, Rate, RateLimiter } from '../core/index.ts';
import { parseRetryAfter, RATE_INTERVAL, sleep } from '../core/internal.ts';
import { allowListeners } from '../core/node/index.ts';
import { withExactNumbers } from './json/exact-response.ts';
import type { Waiting } from './progress.ts';
import type { SourceRequestOptions } from './sources/source.ts';

/** The requests that were sent so far. */
interface RequestCounts {
  /** All requests, including retries and replays. */
  requests: number;
  /** Retries after 408, 429, 5xx and network errors. */
  retries: number;
  /** Replays after 401. */
  replays: number;
}

// The precision of timers, in milliseconds.
const MIN_GAP = 10;

/** Spaces requests evenly: a burst at the start of each minute could exceed the API's own window. */
function evenly({ requests, interval = RATE_INTERVAL }: Rate): { limit: number; interval: number } {
  const gap = interval / requests;
  const limit = Math.ceil(MIN_GAP / gap);
  return { limit, interval: limit * gap };
}

/** Sends the requests of one export or import. */
export interface Requests {
  send<T>(config: AxiosRequestConfig, options?: SourceRequestOptions): Promise<AxiosResponse<T>>;
  readonly counts: Readonly<RequestCounts>;
}

interface RequestsOptions {
  api: AxiosInstance;
  rate: Rate | RateLimiter | undefined;
  /** Timeout of one request, in milliseconds. */
  timeout: number;
  signal: AbortSignal;
  clock: Clock;
  maxOutage?: number | undefined;
  /** Called when a request starts to wait for the end of an outage or of a throttle, and with undefined when the API answers again. */
  onWaiting?: ((waiting: Waiting | undefined) => void) | undefined;
}

function rateLimiterOf(rate: Rate | RateLimiter | undefined, signal: AbortSignal): () => unknown {
  if (!rate) return () => {};
  return typeof rate === 'function' ? () => rate(signal) : pThrottle({ ...evenly(rate), signal })(() => {});
}

// In milliseconds. A longer Retry-After must not block every other request.
const MAX_PAUSE = 3_600_000;

/**
 * Returns a sender that limits the rate, sets a timeout, and aborts all requests with one signal.
 *
 * The sender wraps the instance's adapter, below replays and retries, so that the rate includes them.
 * A 429 with `Retry-After` (RFC 9110 section 10.2.3) delays all requests, not only the refused one.
 */
export function createRequests({ api, rate, timeout, signal, clock }: RequestsOptions): Requests {
  const counts: RequestCounts = { requests: 0, retries: 0, replays: 0 };
  const waitForRate = rateLimiterOf(rate, signal);
  let pausedUntil = 0;
  // Each pending request adds a listener, and Node warns about more than ten.
  allowListeners(signal);

  async function pause(): Promise<void> {
    for (let left = pausedUntil - clock.now(); left > 0; left = pausedUntil - clock.now()) {
      await sleep(clock, left, signal);
    }
  }

  /** Waits for the rate limiter after the pause, or all waiting requests would start at once. Then checks for a new pause. */
  async function waitToSend(): Promise<void> {
    await pause();
    await waitForRate();
    await pause();
  }

  return {
    counts,
    async send<T>(given: AxiosRequestConfig, { exactNumbers = false } = {}): Promise<AxiosResponse<T>> {
      const config = exactNumbers ? withExactNumbers(given, api.defaults as AxiosRequestConfig) : given;
      const base = axios.getAdapter(config.adapter ?? api.defaults.adapter);
      let lastStatus: number | undefined;
      let sent = 0;
      const adapter: AxiosAdapter = async (sending) => {
        const again = sent++ > 0;
        const isReplay = again && lastStatus === 401;
        if (again && !isReplay) await waitToSend();
        // Send a replay immediately, because its new token would age while it waits. Later requests wait longer instead.
        if (isReplay) (async () => waitForRate())().catch(() => {});
        counts.requests++;
        if (again) counts[isReplay ? 'replays' : 'retries']++;
        lastStatus = undefined;
        const note = (response: Partial<AxiosResponse> | undefined) => {
          lastStatus = response?.status;
          if (lastStatus !== 429) return;
          const wait = parseRetryAfter(response?.headers?.['retry-after'], clock.now()) ?? 0;
          pausedUntil = Math.max(pausedUntil, clock.now() + Math.min(wait, MAX_PAUSE));
        };
        try {
          const response = await base(sending);
          note(response);
          return response;
        } catch (error) {
          note((error as { response?: AxiosResponse } | undefined)?.response);
          throw error;
        }
      };
      // Wait before the request gets its token, or the token could expire during the wait.
      await waitToSend();
      return api.request<T>({
        timeout: api.defaults.timeout || timeout,
        signal,
        // Most APIs expect a list as repeated parameters: a=1&a=2, not a[]=1&a[]=2.
        paramsSerializer: api.defaults.paramsSerializer ?? { indexes: null },
        // With an instance that resolves every status, errors would be read as data and never retried.
        validateStatus: (status) => status >= 200 && status < 300,
        ...config,
        adapter,
      });
    },
  };
}
