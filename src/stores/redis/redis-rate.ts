import type { Rate, RateLimiter } from '../../core/index.ts';
import {
  type OptionTable,
  rateKey,
  rateProblems,
  readOptions,
  refuse,
  slotLimiter,
  systemClock,
} from '../../core/internal.ts';
import { createConnection } from './connection.ts';
import { connectionTo } from './connection-to.ts';
import { problemsOf, type RedisStoreOptions } from './redis-store.ts';
import { reserveSlot, runScript } from './script.ts';

/** Options of {@link redisRate}. Set either `client` or `url`. */
export interface RedisRateOptions extends Rate, Pick<RedisStoreOptions, 'client' | 'url' | 'prefix'> {
  /** Processes with the same key share one rate. */
  key: string;
}

const OPTIONS: OptionTable<RedisRateOptions> = {
  client: 'any',
  url: 'any',
  prefix: 'any',
  key: 'any',
  requests: 'any',
  interval: 'any',
};

/** A rate limiter that many processes share, for the option `rate`. Call `close` to close its connection. */
export type RedisRate = RateLimiter & { close(): Promise<void> };

// In milliseconds.
const COMMAND_TIMEOUT = 2000;
const PATIENCE = 10_000;

/**
 * Returns a rate limiter that all processes with the same key share through Redis: requests are evenly spaced by the clock of Redis.
 * If Redis is unreachable for 10 seconds, the waiting requests reject.
 *
 * @throws ConfigurationError if an option is invalid.
 * @example
 * const rate = redisRate({ url: process.env.REDIS_URL, key: 'genesys', requests: 300 });
 * attachAuthRefresh(api, { vendor, rate });
 */
export function redisRate(options: RedisRateOptions): RedisRate {
  const [own, problems] = readOptions(options, OPTIONS);
  const { client, url, prefix = 'axios-oauth-refresh', key, requests, interval } = own;
  refuse('redisRate', [
    ...problemsOf({ client, url, prefix }),
    !/^[^{}]+$/.test(key ?? '') && 'key must be a non-empty string without braces',
    ...rateProblems({ requests, interval }),
    ...problems,
  ]);
  const connection = createConnection({ ...connectionTo(own, COMMAND_TIMEOUT), clock: systemClock });
  const reserve = (gap: string) =>
    connection.send((driver) => runScript(driver, reserveSlot, [rateKey(prefix, key)], [gap]));
  return Object.assign(slotLimiter(own, reserve, PATIENCE), { close: async () => connection.close() });
}
