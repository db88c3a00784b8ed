import type { Redis, RedisOptions } from 'ioredis';
import { BatchError } from '../batch/index.ts';
import { ConfigurationError } from '../core/index.ts';
import { systemClock, withDeadline } from '../core/internal.ts';
import { loadIoredis } from './peers.ts';
import { wordsOf } from './queue-error.ts';

/** A URL, `redis://` or `rediss://`, or a client of ioredis, of which a copy is made; the client itself is left alone. */
export type QueueConnection = string | Pick<Redis, 'duplicate'>;

/** A connection of our own. */
export interface OpenConnection {
  readonly client: Redis;
  /** Lets go of it, also when Redis is away. */
  close(): Promise<void>;
}

const SETTINGS = {
  // BullMQ asks for it: a worker outlives a Redis that is away for a while.
  maxRetriesPerRequest: null,
  lazyConnect: true,
  enableOfflineQueue: true,
  // BullMQ takes none, and all keys have a prefix already.
  keyPrefix: '',
  retryStrategy: (times: number) => Math.min(times * 100, 1000),
} satisfies RedisOptions;

/** How long a command may take before Redis counts as unreachable, in milliseconds: somebody waits for the answer. */
export const ANSWER_WITHIN = 10_000;

const CONNECT_TIMEOUT = 10_000;
const CLOSE_TIMEOUT = 1000;

/**
 * Connects, and stays connected: once it was there, a Redis that goes away is waited for.
 *
 * @throws BatchError `ERR_QUEUE` when it cannot be reached now. ConfigurationError for what is neither URL nor client.
 */
export async function connect(connection: QueueConnection): Promise<OpenConnection> {
  const client = await createClient(connection);
  // Each command under way listens, and many parts can be. Not 0, to which BullMQ adds what it needs itself.
  client.setMaxListeners(Number.POSITIVE_INFINITY);
  let said: Error | undefined;
  client.on('error', (error) => {
    said = error;
  });
  try {
    const late = () => new Error(`no answer within ${CONNECT_TIMEOUT / 1000} s`);
    await withDeadline(systemClock, CONNECT_TIMEOUT, late, async () => {
      await client.connect();
      await client.ping();
    });
  } catch (error) {
    client.disconnect();
    const { host, port } = client.options;
    throw new BatchError(
      `Redis at ${host}:${port} cannot be used: ${wordsOf(said ?? error)}. Check that it runs there, its password, and ` +
        'whether it speaks TLS (rediss://).',
      'ERR_QUEUE',
    );
  }
  return {
    client,
    async close() {
      const late = () => new Error('late');
      await withDeadline(systemClock, CLOSE_TIMEOUT, late, async () => client.quit()).catch(() => {});
      client.disconnect();
    },
  };
}

async function createClient(connection: QueueConnection): Promise<Redis> {
  if (typeof connection !== 'string') {
    if (typeof connection?.duplicate === 'function') return connection.duplicate(SETTINGS);
    throw wrong('must be a URL or a client of ioredis');
  }
  // It can hold a password: the message says nothing of it.
  if (!/^rediss?:$/.test(URL.canParse(connection) ? new URL(connection).protocol : '')) {
    throw wrong('must be a URL such as redis://redis.internal:6379 or rediss://...');
  }
  const { Redis } = await loadIoredis();
  return new Redis(connection, SETTINGS);
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError('axios-oauth-refresh/bullmq', [`connection ${problem}`]);
}
