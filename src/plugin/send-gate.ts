import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Clock, Rate, RateLimiter } from '../core/index.ts';
import {
  backoff,
  callbackFailed,
  parseUrl,
  RATE_INTERVAL,
  requestUrl,
  sleep,
  throttleDelay,
  throwIfAborted,
} from '../core/internal.ts';
import { type Pause, type SendPauses, type Slots, waitFor } from '../token/internal.ts';

/** Delays sends: to keep the `rate`, and after a 429 from the same origin. */
export interface SendGate {
  /**
   * Returns a promise that resolves when the request may be sent; undefined if the request may be sent now.
   *
   * @param attempts how often the request was sent before.
   */
  enter(
    config: InternalAxiosRequestConfig,
    apiBaseUrl: string | undefined,
    attempts: number,
  ): Promise<void> | undefined;
  /** Pauses the requests to an origin that answered 429. */
  refused(config: InternalAxiosRequestConfig, apiBaseUrl: string | undefined, response: AxiosResponse): void;
}

/** What the gate needs from its attachment. Durations are in milliseconds. */
export interface SendGateContext {
  pauses: SendPauses;
  clock: Clock;
  rate: Rate | RateLimiter | undefined;
  baseDelay: number;
  maxRetryAfter: number;
  random: () => number;
}

// Milliseconds between two requests after a pause: the first gap, and the gap that is too short to wait for.
const FIRST_GAP = 20;
const MIN_GAP = 1;

// How fast the gap shrinks with each request.
const GAP_DECAY = 0.98;

/**
 * Creates a gate. After a pause, the gate releases one request after another, because all at once would be refused again.
 */
export function createSendGate(context: SendGateContext): SendGate {
  const { clock, rate, baseDelay, maxRetryAfter, random } = context;
  const { byOrigin: pauses, now } = context.pauses;
  const limit: Slots | false = typeof rate === 'object' && {
    nextSlot: Number.NEGATIVE_INFINITY,
    gap: (rate.interval ?? RATE_INTERVAL) / rate.requests,
  };

  async function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
    const left = time - now();
    if (left > 0) await sleep(clock, left, signal);
  }

  async function takeSlot(slots: Slots, signal: AbortSignal): Promise<void> {
    const { gap, turn } = slots;
    const since = now();
    const take = async () => {
      // One after another, so that an aborted request takes no slot, and the others move up.
      await turn;
      throwIfAborted(signal);
      const slot = Math.max(since, slots.nextSlot);
      await sleepUntil(slot, signal);
      slots.nextSlot = slot + gap;
    };
    const taken = take();
    slots.turn = taken.catch(() => {});
    await taken;
  }

  async function waitToSend(
    config: InternalAxiosRequestConfig,
    origin: string,
    attempts: number,
    signal: AbortSignal,
  ): Promise<void> {
    let pause: Pause | undefined;
    do {
      pause = pauses.get(origin);
      if (pause) {
        // A request that was refused several times goes first, before its retries are used up.
        if (attempts > 2) await sleepUntil(pause.until, signal);
        else await takeSlot(pause, signal);
        pause.gap *= GAP_DECAY;
      }
      if (limit) await takeSlot(limit, signal);
      try {
        if (typeof rate === 'function') await rate(signal);
      } catch (error) {
        throw callbackFailed('rate', error, config);
      }
      // Another 429 may have arrived during the wait. A timer may fire a millisecond early.
      pause = pauses.get(origin);
    } while (pause && pause.until - now() > 1);
  }

  return {
    enter(config, apiBaseUrl, attempts) {
      if (!rate && !pauses.size) return undefined;
      const origin = originOf(config, apiBaseUrl);
      if ((pauses.get(origin)?.gap ?? 0) < MIN_GAP) {
        pauses.delete(origin);
        if (!rate) return undefined;
      }
      const controller = new AbortController();
      const turn = waitToSend(config, origin, attempts, controller.signal);
      // As for the wait before a retry, the caller's timeout does not apply.
      return waitFor(turn, { ...config, timeout: 0 }, clock).finally(() => controller.abort());
    },

    refused(config, apiBaseUrl, response) {
      const length = throttleDelay(response, clock.now()) ?? backoff(0, baseDelay, random);
      // The refused request is not retried after such a long time, so the others are not held back either.
      if (length > maxRetryAfter) return;
      const origin = originOf(config, apiBaseUrl);
      // Other requests that are already sent, and are refused as well, extend the pause.
      const until = Math.max(now() + length, pauses.get(origin)?.until ?? Number.NEGATIVE_INFINITY);
      pauses.set(origin, { until, nextSlot: until, gap: FIRST_GAP });
    },
  };
}

function originOf(config: InternalAxiosRequestConfig, apiBaseUrl: string | undefined): string {
  return parseUrl(requestUrl(config, apiBaseUrl))?.origin ?? '';
}
