import type { Redis } from 'ioredis';
import type { Rate, RateLimiter } from '../batch/index.ts';
import { RATE_INTERVAL, rateProblems } from '../batch/internal.ts';
import { refuse, sleep, systemClock, throwIfAborted, unlessAborted, withDeadline } from '../core/internal.ts';
import { connect, type QueueConnection } from './connection.ts';
import { nameProblem } from './names.ts';
import { DEFAULTS } from './worker-options.ts';

/** Options of {@link sharedRate}. */
export interface SharedRateOptions extends Rate {
  /** `redis://host:6379`, `rediss://...`, or an ioredis client, which is duplicated and stays open. */
  connection: QueueConnection;
  /** Processes with the same key share one rate. */
  key: string;
  /** Prefix of the key in Redis. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
}

/** A rate limiter that many processes share, for the option `rate`. Call `close` to close its connection. */
export type SharedRate = RateLimiter & { close(): Promise<void> };

/**
 * Reserves the time of a request (GCRA: each request moves the time of the next one by a gap), by the clock of Redis.
 *
 * KEYS: the limit. ARGV: the gap in microseconds. Replies with the microseconds to wait.
 */
const RESERVE_SLOT = /* lua */ `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slot = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now)
local next = slot + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', string.format('%.0f', math.ceil((next - now) / 1000) + 1000))
return slot - now
`;

// In milliseconds.
const REPLY_TIMEOUT = 2000;
const RETRY_DELAY = 500;

/**
 * Returns a rate limiter shared by all processes with the same key: requests are evenly spaced by the clock of Redis. While Redis is
 * unreachable, requests wait until Redis is back or the run ends.
 *
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 * @example
 * const rate = await sharedRate({ connection: 'redis://redis.internal', key: 'genesys', requests: 300 });
 */
export async function sharedRate(options: SharedRateOptions): Promise<SharedRate> {
  const { connection, key, prefix = DEFAULTS.prefix } = options;
  refuse('sharedRate', [nameProblem('key', key), nameProblem('prefix', prefix), ...rateProblems(options)]);
  const { client, close } = await connect(connection);
  return Object.assign(sharedLimiter(client, `${prefix}:rate:{${key}}`, options), { close });
}

/** Returns the limiter of {@link sharedRate} on an open connection. */
export function sharedLimiter(
  client: Redis,
  key: string,
  { requests, interval = RATE_INTERVAL }: Rate,
): RateLimiter {
  const gap = String(Math.ceil((interval * 1000) / requests));
  const expired = () => new Error('no answer');
  return async (signal) => {
    for (;;) {
      throwIfAborted(signal);
      // A slot whose reply comes too late stays unused: the rate may be lower than requested, never higher.
      const slot = withDeadline(systemClock, REPLY_TIMEOUT, expired, () =>
        client.eval(RESERVE_SLOT, 1, key, gap),
      );
      const wait = await unlessAborted(
        signal,
        slot.catch(() => undefined),
      );
      if (typeof wait === 'number') return wait > 0 ? sleep(systemClock, wait / 1000, signal) : undefined;
      await sleep(systemClock, RETRY_DELAY, signal);
    }
  };
}
