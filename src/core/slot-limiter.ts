import { monotonicOf, sleep, systemClock } from './clock.ts';
import { throwIfAborted, unlessAborted } from './link-signals.ts';
import { RATE_INTERVAL, type Rate, type RateLimiter } from './rate.ts';

/**
 * Reserves the time of a request (GCRA: each request moves the time of the next one by a gap), by the clock of Redis.
 *
 * KEYS: the limit. ARGV: the gap in microseconds. Replies with the microseconds to wait.
 */
export const RESERVE_SLOT = /* lua */ `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slot = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now)
local next = slot + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', string.format('%.0f', math.ceil((next - now) / 1000) + 1000))
return slot - now
`;

// In milliseconds.
const RETRY_DELAY = 500;

/** Returns the Redis key of a rate. Braces keep it on one node of a cluster. */
export function rateKey(prefix: string, key: string): string {
  return `${prefix}:rate:{${key}}`;
}

/**
 * Returns a limiter that reserves its slots with {@link RESERVE_SLOT}.
 *
 * @param reserve runs the script with a gap in microseconds.
 * @param patience how long to try again after failures, in milliseconds. Then the limiter rejects with the last error.
 */
export function slotLimiter(
  { requests, interval = RATE_INTERVAL }: Rate,
  reserve: (gap: string) => Promise<unknown>,
  patience = Number.POSITIVE_INFINITY,
): RateLimiter {
  const gap = String(Math.ceil((interval * 1000) / requests));
  const now = monotonicOf(systemClock);
  return async (signal) => {
    const giveUpAt = now() + patience;
    for (;;) {
      throwIfAborted(signal);
      // A slot whose reply comes too late stays unused: the rate may be lower than requested, never higher.
      const slot = reserve(gap).catch((error) => {
        if (now() >= giveUpAt) throw error;
      });
      const wait = await unlessAborted(signal, slot);
      if (typeof wait === 'number') return wait > 0 ? sleep(systemClock, wait / 1000, signal) : undefined;
      await sleep(systemClock, RETRY_DELAY, signal);
    }
  };
}
