import { randomUUID } from 'node:crypto';
import type { Clock, SharedTokenStore } from '../../core/index.ts';
import { numberProblems, prefixed, refuse, systemClock } from '../../core/internal.ts';
import { thisProcess } from '../../core/node/index.ts';
import { sharedStore } from '../../token/index.ts';
import { acquireLock, type Owner } from './acquire-lock.ts';
import { isIoredis, isNodeRedis, type RedisClient } from './client.ts';
import { createConnection } from './connection.ts';
import type { Driver } from './driver.ts';
import { ioredisDriver } from './ioredis-driver.ts';
import { startLockRenewal } from './lock-renewal.ts';
import { type Names, namesOf } from './names.ts';
import { nodeRedisDriver } from './node-redis-driver.ts';
import { openOwn } from './open-own.ts';
import { releaseLock, renewLock, runScript, setToken, tryLock } from './script.ts';
import { formatToken, keptFor, parseToken } from './value.ts';
import { createWakeups } from './wakeups.ts';

/** Where the Redis of {@link redisStore} is, by `client` or by `url`, and how it is used. */
export interface RedisStoreOptions {
  /**
   * A client of `ioredis` 6 (also its `Cluster`) or of `redis` 6, which has to be connected by its `connect()`. It is never
   * closed; a connection more is made from it for messages. Its errors are listened to, so that none ends the process.
   */
  client?: RedisClient | undefined;
  /** `redis://` or `rediss://`: a client is made with `ioredis`, or with `redis` where that is not installed. */
  url?: string | undefined;
  /** What every key and channel begins with. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
  /**
   * Milliseconds after which the lock of a process that gives no sign of life is free. Processes that die on the machine of one
   * that waits are noticed at once. @default 5 seconds more than a token may take to fetch
   */
  lockExpiry?: number | undefined;
  /** Milliseconds that Redis has for each command. Token managers wait for 2 seconds at most. @default 1_000 */
  commandTimeout?: number | undefined;
  /** @default the machine's clock */
  clock?: Clock | undefined;
}

// A lock is not lost for one renewal that is late.
const MORE_THAN_THE_WORK = 5_000;

/**
 * Makes a store that shares tokens between processes of many hosts through Redis 6 or later.
 *
 * Each command has a deadline of its own, and a Redis that is absent, hangs or fails over makes calls reject at once or
 * with it; the next ones try again.
 *
 * @throws ConfigurationError
 * @example
 * attachAuthRefresh(api, { vendor, store: redisStore({ url: process.env.REDIS_URL }) });
 */
export function redisStore(options: RedisStoreOptions): SharedTokenStore {
  refuse('redisStore', problemsOf(options));
  const {
    client,
    url = '',
    prefix = 'axios-oauth-refresh',
    commandTimeout = 1_000,
    clock = systemClock,
  } = options;
  const given = client && driverOf(client);
  const connection = createConnection({
    open: async () => given ?? openOwn(url, commandTimeout),
    isOurs: !given,
    timeout: commandTimeout,
    clock,
    secrets: secretsOf(url),
  });
  const wakeups = createWakeups(() => connection.duplicate(), clock, commandTimeout);
  const mark = thisProcess();

  async function release(names: Names, owner: string): Promise<void> {
    const free = (driver: Driver) => runScript(driver, releaseLock, [names.lock], [owner, names.channel]);
    // It expires by itself.
    await connection.send(free).catch(() => {});
  }

  return sharedStore({
    async get(key) {
      const names = namesOf(prefix, key);
      const fields = await connection.send((driver) => driver.readFields(names.token, ['fence', 'value']));
      const [fence, value] = fields as unknown[];
      return parseToken(names, fence, value);
    },

    async set(key, stored) {
      const names = namesOf(prefix, key);
      const args = [
        `${stored.fence}`,
        formatToken(names, stored),
        keptFor(stored, clock.now()),
        names.channel,
      ];
      const { accessToken, refreshToken } = stored.token;
      const keep = (driver: Driver) => runScript(driver, setToken, [names.token], args);
      return Number(await connection.send(keep, { secrets: [accessToken, refreshToken] })) === 1;
    },

    async withLock(key, lockOptions, work) {
      const names = namesOf(prefix, key);
      const expiry = Math.ceil(options.lockExpiry ?? lockOptions.duration + MORE_THAN_THE_WORK);
      const owner: Owner = { id: randomUUID(), ...mark };
      const value = JSON.stringify(owner);
      let asked = 0;
      const outcome = await acquireLock({
        names,
        owner,
        options: lockOptions,
        clock,
        wakeups,
        attempt(deadHolder, knownFence) {
          asked = clock.now();
          const args = [value, `${expiry}`, deadHolder, knownFence];
          const take = (driver: Driver) => runScript(driver, tryLock, [names.lock, names.token], args);
          // It may have been taken after it was given up, or the answer got lost.
          return connection.send(take, { onLate: () => void release(names, value) });
        },
      });
      if ('left' in outcome) return outcome.left;
      const renew = (driver: Driver) => runScript(driver, renewLock, [names.lock], [value, `${expiry}`]);
      const renewal = startLockRenewal(
        clock,
        expiry,
        asked,
        async () => Number(await connection.send(renew)) === 1,
      );
      try {
        lockOptions.signal.throwIfAborted();
        return await work({ fence: outcome.fence, signal: renewal.signal });
      } finally {
        renewal.stop();
        await release(names, value);
      }
    },

    async close() {
      wakeups.close();
      connection.close();
    },
  });
}

function driverOf(client: RedisClient): Driver {
  return isNodeRedis(client) ? nodeRedisDriver(client, false) : ioredisDriver(client, false);
}

function problemsOf(options: RedisStoreOptions) {
  const { client, url, prefix } = options;
  return [
    (client === undefined) === (url === undefined) && 'give either client or url',
    client !== undefined &&
      !(isNodeRedis(Object(client)) || isIoredis(Object(client))) &&
      'client must be one of ioredis (also its Cluster), or what createClient of redis makes',
    prefixed('url', url === undefined ? undefined : urlProblem(url)),
    prefix !== undefined &&
      (typeof prefix !== 'string' || !/^[^{}]+$/.test(prefix)) &&
      'prefix must be a text without braces',
    ...numberProblems(options, ['lockExpiry', 'commandTimeout']),
    options.lockExpiry === 0 && 'lockExpiry must be more than 0',
    options.commandTimeout === 0 && 'commandTimeout must be more than 0',
  ];
}

/** Never shows the URL, which may hold a password. */
function urlProblem(url: string): string | undefined {
  if (typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol))
    return undefined;
  return 'it must be a redis:// or rediss:// URL';
}

function secretsOf(url: string): string[] {
  if (!url) return [];
  const { password } = new URL(url);
  return [url, password, decode(password)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
