import type { Redis, RedisOptions } from 'ioredis';
import { BatchError } from '../batch/index.ts';
import { ConfigurationError } from '../core/index.ts';
import { parseRedisUrl, redisAddress, systemClock, withDeadline } from '../core/internal.ts';
import { loadIoredis } from './peers.ts';
import { redisMessage } from './queue-error.ts';

/**
 * A URL (`redis://` or `rediss://`, or with Sentinel `redis+sentinel://host:26379,host2:26379/master`), or an ioredis client. The client is
 * duplicated, never used or closed. Percent-encode user name and password in a URL.
 */
export type QueueConnection = string | Pick<Redis, 'duplicate'>;

/** A connection that this package has opened. */
export interface OpenConnection {
  readonly client: Redis;
  /** Closes the connection, even if Redis is unreachable. */
  close(): Promise<void>;
}

const SETTINGS = {
  // BullMQ requires null, so that a worker survives an outage of Redis.
  maxRetriesPerRequest: null,
  lazyConnect: true,
  enableOfflineQueue: true,
  // BullMQ rejects a key prefix, and all keys have the `prefix` of the queue.
  keyPrefix: '',
  retryStrategy: (times: number) => Math.min(times * 100, 1000),
} satisfies RedisOptions;

type Settings = typeof SETTINGS & Pick<RedisOptions, 'sentinelRetryStrategy'>;

/** Timeout of a command that a caller waits for, in milliseconds. */
export const COMMAND_TIMEOUT = 10_000;

const CONNECT_TIMEOUT = 10_000;
const CLOSE_TIMEOUT = 1000;

/**
 * Connects to Redis, and reconnects after each later outage.
 *
 * @throws BatchError `ERR_QUEUE` if Redis is unreachable now. ConfigurationError if `connection` is neither a URL nor a client.
 */
export async function connect(connection: QueueConnection): Promise<OpenConnection> {
  let wasConnected = false;
  const client = await createClient(connection, {
    ...SETTINGS,
    // Without a number, ioredis gives up. The first attempt fails at once, as without Sentinel.
    sentinelRetryStrategy: (times) => (wasConnected ? SETTINGS.retryStrategy(times) : null),
  });
  // Each running command adds a listener. Not 0 (unlimited), because BullMQ adds its own number to the limit.
  client.setMaxListeners(Number.POSITIVE_INFINITY);
  let lastError: Error | undefined;
  client.on('error', (error) => {
    // This error follows the `sentinelError` with the cause.
    if (!/^All sentinels are unreachable/.test(error.message)) lastError = error;
  });
  client.on('sentinelError', (error: Error) => {
    lastError = error;
  });
  try {
    const expired = () => new Error(`no answer within ${CONNECT_TIMEOUT / 1000} s`);
    await withDeadline(systemClock, CONNECT_TIMEOUT, expired, async () => {
      await client.connect();
      await client.ping();
    });
    wasConnected = true;
  } catch (error) {
    client.disconnect();
    throw new BatchError(
      `cannot connect to Redis at ${redisAddress(client.options)}: ${redisMessage(lastError ?? error)}. Check that Redis runs at this ` +
        'address, that the password is right, and whether Redis requires TLS (rediss://).',
      'ERR_QUEUE',
    );
  }
  return {
    client,
    async close() {
      const expired = () => new Error('timed out');
      await withDeadline(systemClock, CLOSE_TIMEOUT, expired, async () => client.quit()).catch(() => {});
      client.disconnect();
    },
  };
}

async function createClient(connection: QueueConnection, settings: Settings): Promise<Redis> {
  if (typeof connection !== 'string') {
    if (typeof connection?.duplicate === 'function') return connection.duplicate(settings);
    throw invalid('must be a URL or an ioredis client');
  }
  const target = parseRedisUrl(connection);
  if ('problem' in target) throw invalid(target.problem);
  const { Redis } = await loadIoredis();
  const { url } = target;
  const options = { ...settings, ...target.options };
  return url === undefined ? new Redis(options) : new Redis(url, options);
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError('axios-oauth-refresh/bullmq', [`connection ${problem}`]);
}
