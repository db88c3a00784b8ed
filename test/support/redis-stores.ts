import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import type { LockOptions, StoredToken, TokenStore } from '../../src/core/token-store.ts';
import { type RedisStoreOptions, redisStore } from '../../src/stores/redis/redis-store.ts';
import { type RedisServer, startRedis } from './redis.ts';
import type { RedisServerOptions } from './redis-server.ts';

/** A key in the form that token managers use. */
export const KEY = 'k'.padEnd(43, '_');

/** Creates a token that expires in an hour. */
export function aStored(accessToken: string, fence = 0): StoredToken {
  const now = Date.now();
  return { token: { accessToken, refreshAt: now + 3_000_000, expiresAt: now + 3_600_000 }, fence };
}

export function waiting<T>(options: Partial<LockOptions<T>> = {}): LockOptions<T> {
  return {
    duration: 5_000,
    signal: new AbortController().signal,
    stopWaitingWith: () => undefined,
    ...options,
  };
}

/** Starts a server for the current test. */
export async function aServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.close());
  return server;
}

/** Creates a store for the current test. */
export function aStore(options: RedisStoreOptions): TokenStore {
  // A slow machine must not reach the time limit of a command.
  const store = redisStore({ commandTimeout: 60_000, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Waits until `count` stores wait for the lock. */
export async function untilWaiting(url: string, count: number): Promise<void> {
  const client = new Redis(url);
  try {
    const channel = `axios-oauth-refresh:{${KEY}}`;
    await expect.poll(() => client.pubsub('NUMSUB', channel)).toEqual([channel, count]);
  } finally {
    client.disconnect();
  }
}

/** Acquires the lock and holds it until `release` is called. */
export function hold(
  store: TokenStore,
  options: LockOptions<string> = waiting(),
): Promise<{ fence: number; signal: AbortSignal; release: () => void; done: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const done = store.withLock(KEY, options, ({ fence, signal }) => {
      return new Promise<string>((end) => resolve({ fence, signal, release: () => end('worked'), done }));
    });
    done.catch(reject);
  });
}
