import type { Redis } from 'ioredis';
import type { Rate, RateLimiter } from '../batch/index.ts';
import { RATE_INTERVAL, rateProblems } from '../batch/internal.ts';
import { refuse, sleep, systemClock, unlessAborted, withDeadline } from '../core/internal.ts';
import { connect, type QueueConnection } from './connection.ts';
import { nameProblem } from './names.ts';
import { DEFAULTS } from './worker-options.ts';

/** Options of {@link sharedRate}. */
export interface SharedRateOptions extends Rate {
  /** `redis://host:6379`, `rediss://...`, or a client of ioredis, which is left alone. */
  connection: QueueConnection;
  /** Those who give the same key share one rate. */
  key: string;
  /** What the key in Redis begins with. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
}

/** A rate that many processes share; for the option `rate`. */
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
const ANSWER_WITHIN = 2000;
const TRY_AGAIN = 500;

/**
 * One rate for all processes that give the same key: requests go at even gaps, by the clock of Redis. While Redis is away no request
 * goes: it is waited for until the run is ended.
 *
 * @throws ConfigurationError. BatchError `ERR_QUEUE` when Redis cannot be reached now.
 * @example
 * const rate = await sharedRate({ connection: 'redis://redis.internal', key: 'genesys', requests: 300 });
 */
export async function sharedRate(options: SharedRateOptions): Promise<SharedRate> {
  const { connection, key, prefix = DEFAULTS.prefix } = options;
  refuse('sharedRate', [nameProblem('key', key), nameProblem('prefix', prefix), ...rateProblems(options)]);
  const { client, close } = await connect(connection);
  return Object.assign(sharedLimiter(client, `${prefix}:rate:{${key}}`, options), { close });
}

/** The same with a connection that is there. */
export function sharedLimiter(
  client: Redis,
  key: string,
  { requests, interval = RATE_INTERVAL }: Rate,
): RateLimiter {
  const gap = String(Math.ceil((interval * 1000) / requests));
  const late = () => new Error('no answer');
  return async (signal) => {
    for (;;) {
      signal.throwIfAborted();
      // A slot that comes too late stays unused: slower than asked for, never faster.
      const slot = withDeadline(systemClock, ANSWER_WITHIN, late, () =>
        client.eval(RESERVE_SLOT, 1, key, gap),
      );
      const wait = await unlessAborted(
        signal,
        slot.catch(() => undefined),
      );
      if (typeof wait === 'number') return wait > 0 ? sleep(systemClock, wait / 1000, signal) : undefined;
      await sleep(systemClock, TRY_AGAIN, signal);
    }
  };
}
