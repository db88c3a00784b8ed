import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
} from 'axios';
import type { Clock, Rate, RateLimiter } from '../core/index.ts';
import { monotonicOf } from '../core/internal.ts';
import { allowListeners } from '../core/node/index.ts';
import { describeStatus } from './describe-failure.ts';
import { withExactBody } from './json/exact-body.ts';
import { withExactNumbers } from './json/exact-response.ts';
import type { Waiting } from './progress.ts';
import { countSends, type RequestCounts } from './requests/count-sends.ts';
import { refuseHtml, throttleOf } from './requests/outage.ts';
import { type Contact, createPatience } from './requests/patience.ts';
import { createPause } from './requests/pause.ts';
import { createRate, type RequestRate } from './requests/rate.ts';
import { RUN_DEFAULTS } from './run-options.ts';
import type { SourceRequestOptions } from './sources/source.ts';

/** How a request is sent. */
interface SendOptions extends SourceRequestOptions {
  /** Returns whether the request may be sent again after an outage. @default always */
  mayRepeat?: (() => boolean) | undefined;
}

/** Sends the requests of one export or import. */
export interface Requests {
  send<T>(config: AxiosRequestConfig, options?: SendOptions): Promise<AxiosResponse<T>>;
  readonly counts: Readonly<RequestCounts>;
}

/** What the exports of one run share, so that each export continues at the rate of the previous one. */
export interface SharedRequests {
  readonly rate: RequestRate;
  readonly contact: Contact;
}

/** Durations are in milliseconds. */
interface RequestsOptions {
  api: AxiosInstance;
  rate: Rate | RateLimiter | undefined;
  /** Replaces `rate`. @default nothing is shared */
  shared?: SharedRequests | undefined;
  /** Timeout of one request. */
  timeout: number;
  /** See `RunOptions`. */
  maxOutage?: number | undefined;
  signal: AbortSignal;
  clock: Clock;
  random?: (() => number) | undefined;
  /** Called when the run begins or continues to wait, and with undefined when the API answers again. */
  onWaiting?: ((waiting: Waiting | undefined) => void) | undefined;
}

const noCounts = (): RequestCounts => ({ requests: 0, retries: 0, replays: 0 });

/** Returns the rate and the contact of a run that has not sent a request yet. */
export function shareRequests(clock: Clock, rate: Rate | RateLimiter | undefined): SharedRequests {
  return { rate: createRate({ clock, now: monotonicOf(clock) }, rate), contact: { hasAnswered: false } };
}

/**
 * Returns a sender that limits the rate, sets a timeout, waits for the end of outages, and aborts all requests with one signal.
 *
 * The rate, the pause after a throttle and the counts wrap the instance's adapter, below replays and retries, so that they include them.
 * The patience wraps the whole request.
 */
export function createRequests(options: RequestsOptions): Requests {
  const { api, timeout, signal, clock, random = Math.random } = options;
  const { maxOutage = RUN_DEFAULTS.maxOutage } = options;
  const counts = noCounts();
  const time = { clock, now: monotonicOf(clock), signal };
  const { rate, contact } = options.shared ?? shareRequests(clock, options.rate);
  const pause = createPause(time);
  let isWaiting = false;
  const onWaiting = (waiting: Waiting | undefined) => {
    // A request that was sent before a pause may succeed during the pause.
    if (!waiting && (!isWaiting || pause.isActive())) return;
    isWaiting = waiting !== undefined;
    options.onWaiting?.(waiting);
  };
  const patience = createPatience(time, { maxOutage, contact, random, onWaiting });
  // Each pending request adds a listener, and Node warns about more than ten.
  allowListeners(signal);

  /** Waits for the rate again if a pause began meanwhile, or all waiting requests would be sent together at its end. */
  async function waitToSend(): Promise<void> {
    do {
      await pause.wait();
      await rate.wait(signal);
    } while (pause.isActive());
  }

  /** Sends a replay immediately, because its new token would age while it waits. Later requests wait longer instead. */
  function enter(kind: 'retries' | 'replays'): Promise<void> | undefined {
    if (kind === 'retries') return waitToSend();
    rate.wait(signal).catch(() => {});
    return undefined;
  }

  /** Adapts the rate and the pause to the responses of an adapter. */
  function obeyThrottles(base: AxiosAdapter): AxiosAdapter {
    return async (config) => {
      const sentAt = time.now();
      try {
        const response = await base(config);
        note(response, sentAt);
        return response;
      } catch (error) {
        if (axios.isAxiosError(error)) note(error.response, sentAt);
        throw error;
      }
    };
  }

  function note(response: AxiosResponse | undefined, sentAt: number): void {
    if (!response) return;
    if (response.status === 429) rate.throttled(sentAt);
    else if (response.status < 400) rate.succeeded();
    const asked = throttleOf(response, clock.now());
    if (asked === 0) return;
    pause.extend(asked);
    const retryAt = clock.now() + asked;
    onWaiting({
      reason: describeStatus(response),
      retryAt,
      until: Math.max(retryAt, clock.now() + maxOutage),
    });
  }

  return {
    counts,
    async send<T>(
      given: AxiosRequestConfig,
      { exactNumbers = false, mayRepeat = () => true }: SendOptions = {},
    ): Promise<AxiosResponse<T>> {
      const defaults = api.defaults as AxiosRequestConfig;
      const exact = exactNumbers ? withExactNumbers(given, defaults) : given;
      const config = given.data === undefined ? exact : withExactBody(exact, defaults);
      const own = noCounts();
      const base = axios.getAdapter(config.adapter ?? api.defaults.adapter);
      const adapter = countSends(obeyThrottles(base), [own, counts], enter);
      const request: AxiosRequestConfig = {
        timeout: api.defaults.timeout || timeout,
        signal,
        // Most APIs expect a list as repeated parameters: a=1&a=2, not a[]=1&a[]=2.
        paramsSerializer: api.defaults.paramsSerializer ?? { indexes: null },
        // With an instance that resolves every status, errors would be read as data and never retried.
        validateStatus: (status) => status >= 200 && status < 300,
        ...config,
        adapter,
      };
      const attempt = async (isProbe: boolean) => {
        // Wait before the request gets its token, or the token could expire during the wait.
        await waitToSend();
        try {
          const response = await api.request<T>(isProbe ? withoutRetries(request) : request);
          if (patience.isEnabled()) refuseHtml(response);
          onWaiting(undefined);
          return response;
        } catch (error) {
          // For the message: the totals of the plugin, if attached, start again with each attempt.
          if (axios.isAxiosError(error)) {
            Object.assign(error, { attempts: own.requests, replays: own.replays });
          }
          throw error;
        }
      };
      return patience.send(attempt, mayRepeat);
    },
  };
}

/** A probe fails at once, so that the waits of the outage grow. */
function withoutRetries(config: AxiosRequestConfig): AxiosRequestConfig {
  return { ...config, 'axios-retry': { ...Object(config)['axios-retry'], retries: 0 } } as AxiosRequestConfig;
}
