import { setMaxListeners } from 'node:events';
import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
} from 'axios';
import pThrottle from 'p-throttle';
import type { Clock } from '../core/index.ts';
import { parseRetryAfter, sleep } from '../core/internal.ts';

// In milliseconds.
export const RATE_INTERVAL = 60_000;

/** How many requests may be sent in how much time. */
export interface Rate {
  requests: number;
  /** In milliseconds. @default 60_000 */
  interval?: number | undefined;
}

/**
 * A limit of your own, such as one that many processes share: settles when one request may be sent, and rejects when the signal
 * aborts.
 */
export type RateLimiter = (signal: AbortSignal) => Promise<void>;

/** What is wrong with a rate. */
export function rateProblems(rate: Rate | RateLimiter | undefined): (string | false)[] {
  if (rate === undefined || typeof rate === 'function') return [];
  const { requests, interval = RATE_INTERVAL } = rate;
  return [
    !(requests > 0 && Number.isFinite(requests)) && 'rate.requests must be a number above 0',
    !(interval > 0 && Number.isFinite(interval)) && 'rate.interval must be a number of milliseconds above 0',
    // More than a timer can hold would be no wait at all.
    interval / requests > 2 ** 31 - 1 && 'rate must be at least one request in 24 days',
  ];
}

/** What was sent so far. */
interface RequestCounts {
  /** Requests on the wire, all sends counted. */
  requests: number;
  /** Sends after 408, 429, 5xx and network errors. */
  retries: number;
  /** Sends after 401. */
  replays: number;
}

// Timers are not more exact than this, in milliseconds.
const SHORTEST_GAP = 10;

/** One request at a time with even gaps: a burst at the start of each minute would meet the API's own window badly. */
function evenly({ requests, interval = RATE_INTERVAL }: Rate): { limit: number; interval: number } {
  const gap = interval / requests;
  const limit = Math.ceil(SHORTEST_GAP / gap);
  return { limit, interval: limit * gap };
}

/** Sends the requests of one export or import. */
export interface Requests {
  send<T>(config: AxiosRequestConfig): Promise<AxiosResponse<T>>;
  readonly counts: Readonly<RequestCounts>;
}

interface RequestsOptions {
  api: AxiosInstance;
  rate: Rate | RateLimiter | undefined;
  /** In milliseconds, of one send. */
  timeout: number;
  signal: AbortSignal;
  clock: Clock;
}

function rateLimiterOf(rate: Rate | RateLimiter | undefined, signal: AbortSignal): () => unknown {
  if (!rate) return () => {};
  return typeof rate === 'function' ? () => rate(signal) : pThrottle({ ...evenly(rate), signal })(() => {});
}

// A longer pause is for whoever gets the 429 to decide about, not for all requests to wait for.
const LONGEST_PAUSE = 3_600_000;

/**
 * Makes what sends an export's requests: at a rate, with a timeout, ended by one signal.
 *
 * It stands around the instance's adapter, below replays and retries, so that the rate holds for what is on the wire.
 * A 429 with `Retry-After` (RFC 9110 section 10.2.3) holds back all of them, not only the request that was refused.
 */
export function createRequests({ api, rate, timeout, signal, clock }: RequestsOptions): Requests {
  const counts: RequestCounts = { requests: 0, retries: 0, replays: 0 };
  const waitForRate = rateLimiterOf(rate, signal);
  let pausedUntil = 0;
  // Each request under way listens, and Node warns from eleven on.
  setMaxListeners(0, signal);

  async function pause(): Promise<void> {
    for (let left = pausedUntil - clock.now(); left > 0; left = pausedUntil - clock.now()) {
      await sleep(clock, left, signal);
    }
  }

  /** Asks the rate limiter after the pause, or all waiting requests would start at once. Then checks for a new pause. */
  async function waitToSend(): Promise<void> {
    await pause();
    await waitForRate();
    await pause();
  }

  return {
    counts,
    async send<T>(config: AxiosRequestConfig): Promise<AxiosResponse<T>> {
      const base = axios.getAdapter(config.adapter ?? api.defaults.adapter);
      let lastStatus: number | undefined;
      let sent = 0;
      const adapter: AxiosAdapter = async (sending) => {
        const again = sent++ > 0;
        const isReplay = again && lastStatus === 401;
        if (again && !isReplay) await waitToSend();
        // Send a replay at once, because its new token would age while it waits. Later requests wait longer instead.
        if (isReplay) (async () => waitForRate())().catch(() => {});
        counts.requests++;
        if (again) counts[isReplay ? 'replays' : 'retries']++;
        lastStatus = undefined;
        const note = (response: Partial<AxiosResponse> | undefined) => {
          lastStatus = response?.status;
          if (lastStatus !== 429) return;
          const wait = parseRetryAfter(response?.headers?.['retry-after'], clock.now()) ?? 0;
          pausedUntil = Math.max(pausedUntil, clock.now() + Math.min(wait, LONGEST_PAUSE));
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
      // Before the request gets its token, not between that and the wire.
      await waitToSend();
      return api.request<T>({
        timeout: api.defaults.timeout || timeout,
        signal,
        // An instance that resolves every status would have refusals taken for answers, and nothing retried.
        validateStatus: (status) => status >= 200 && status < 300,
        ...config,
        adapter,
      });
    },
  };
}
