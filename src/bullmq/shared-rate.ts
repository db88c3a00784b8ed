import type { Redis } from 'ioredis';
import type { Rate, RateLimiter } from '../core/index.ts';
import {
  type OptionTable,
  RESERVE_SLOT,
  rateKey,
  rateProblems,
  readOptions,
  refuse,
  slotLimiter,
  systemClock,
  withDeadline,
} from '../core/internal.ts';
import { connect, type QueueConnection } from './connection.ts';
import { nameProblem } from './names.ts';
import { DEFAULTS } from './worker-options.ts';

/** Options of {@link sharedRate}. */
export interface SharedRateOptions extends Rate {
  /** `redis://host:6379`, `rediss://...`, `redis+sentinel://host:26379/master`, or an ioredis client, which is duplicated and stays open. */
  connection: QueueConnection;
  /** Processes with the same key share one rate. */
  key: string;
  /** Prefix of the key in Redis. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
}

const OPTIONS: OptionTable<SharedRateOptions> = {
  requests: 'any',
  interval: 'any',
  connection: 'any',
  key: 'any',
  prefix: 'any',
};

/** A rate limiter that many processes share, for the option `rate`. Call `close` to close its connection. */
export type SharedRate = RateLimiter & { close(): Promise<void> };

// In milliseconds.
const REPLY_TIMEOUT = 2000;

/**
 * Returns a rate limiter shared by all processes with the same key: requests are evenly spaced by the clock of Redis. While Redis is
 * unreachable, requests wait until Redis is back or the run ends.
 *
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 * @example
 * const rate = await sharedRate({ connection: 'redis://redis.internal', key: 'genesys', requests: 300 });
 */
export async function sharedRate(options: SharedRateOptions): Promise<SharedRate> {
  const [own, problems] = readOptions(options, OPTIONS);
  const { connection, key, prefix = DEFAULTS.prefix } = own;
  refuse('sharedRate', [
    nameProblem('key', key),
    nameProblem('prefix', prefix),
    ...rateProblems({ requests: own.requests, interval: own.interval }),
    ...problems,
  ]);
  const { client, close } = await connect(connection);
  return Object.assign(sharedLimiter(client, rateKey(prefix, key), own), { close });
}

/** Returns the limiter of {@link sharedRate} on an open connection. */
export function sharedLimiter(client: Redis, key: string, rate: Rate): RateLimiter {
  const expired = () => new Error('no answer');
  return slotLimiter(rate, (gap) =>
    withDeadline(systemClock, REPLY_TIMEOUT, expired, () => client.eval(RESERVE_SLOT, 1, key, gap)),
  );
}
