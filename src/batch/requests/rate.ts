import type { Rate, RateLimiter } from '../../core/index.ts';
import { RATE_INTERVAL, sleep } from '../../core/internal.ts';
import type { RunClock } from './run-clock.ts';

/** Delays requests to keep a rate. */
export interface RequestRate {
  /** Resolves when the next request may be sent. @param signal ends the wait. */
  wait(signal: AbortSignal): Promise<void>;
  /** Lowers the rate. @param sentAt when the throttled request was sent, by the monotonic clock. */
  throttled(sentAt: number): void;
  /** Raises the rate again, after a request that was not throttled. */
  succeeded(): void;
}

// The precision of timers, in milliseconds: faster requests are sent in groups.
const PRECISION = 10;

// The fraction of the rate that is left after a throttle, at least, and how much of it each successful request adds.
const CUT = 0.5;
const MIN_FRACTION = 0.1;
const RECOVERY = 0.005;

/**
 * Spaces requests evenly, because a burst at the start of each minute could exceed the API's own window. The rate halves after a throttle and
 * recovers slowly. A limiter of the caller is used as it is.
 */
export function createRate(
  { clock, now }: Omit<RunClock, 'signal'>,
  rate: Rate | RateLimiter | undefined,
): RequestRate {
  if (typeof rate !== 'object') {
    return { wait: async (signal) => rate?.(signal), throttled: () => {}, succeeded: () => {} };
  }
  const gap = (rate.interval ?? RATE_INTERVAL) / rate.requests;
  const early = Math.max(0, PRECISION - gap);
  let fraction = 1;
  let loweredAt = Number.NEGATIVE_INFINITY;
  let nextSlot = Number.NEGATIVE_INFINITY;
  return {
    async wait(signal) {
      const slot = Math.max(nextSlot, now());
      nextSlot = slot + gap / fraction;
      const left = slot - now();
      if (left > early) await sleep(clock, left, signal);
    },
    throttled(sentAt) {
      // Requests that were sent at the earlier, higher rate count once.
      if (sentAt < loweredAt) return;
      loweredAt = now();
      fraction = Math.max(MIN_FRACTION, fraction * CUT);
    },
    succeeded() {
      fraction = Math.min(1, fraction + RECOVERY);
    },
  };
}
