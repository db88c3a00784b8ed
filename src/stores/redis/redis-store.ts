import { randomUUID } from 'node:crypto';
import type { Clock, SharedTokenStore } from '../../core/index.ts';
import {
  monotonicOf,
  type OptionTable,
  parseRedisUrl,
  readOptions,
  refuse,
  systemClock,
  throwIfAborted,
} from '../../core/internal.ts';
import { thisProcess } from '../../core/node/index.ts';
import { sharedStore } from '../../token/index.ts';
import {
  createEncryption,
  ENCRYPTION_OPTIONS,
  type EncryptionOptions,
  encryptionProblems,
} from '../encryption.ts';
import { acquireLock, type Owner } from './acquire-lock.ts';
import { isIoredis, isNodeRedis, type RedisClient } from './client.ts';
import { createConnection } from './connection.ts';
import { connectionTo } from './connection-to.ts';
import type { Driver } from './driver.ts';
import { releaseUntilExpiry } from './lock-release.ts';
import { startLockRenewal } from './lock-renewal.ts';
import { type Names, namesOf } from './names.ts';
import { createNotifications } from './notifications.ts';
import { releaseLock, renewLock, runScript, setToken, tryLock } from './script.ts';
import { entryOf, expiryOf, formatToken, parseToken } from './value.ts';

/** Options of {@link redisStore}. Set either `client` or `url`. */
export interface RedisStoreOptions extends EncryptionOptions {
  /**
   * A client or `Cluster` of `ioredis` 5 or 6, or a client of `redis` 4 to 6 that is connected (`connect()`). The store never closes the client,
   * duplicates its connection for notifications, and listens to its errors, so that no error ends the process.
   */
  client?: RedisClient | undefined;
  /**
   * A `redis://` or `rediss://` URL, or with Sentinel `redis+sentinel://host:26379,host2:26379/master`, which needs `ioredis`. For other
   * URLs, the store connects with `redis` if `ioredis` is not installed. Percent-encode user name and password.
   */
  url?: string | undefined;
  /** The prefix of all keys and channels. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
  /**
   * Milliseconds after which the lock of a process without a heartbeat expires. A dead process on the machine of a waiting process
   * is detected at once. @default 5 seconds more than the longest token fetch
   */
  lockExpiry?: number | undefined;
  /** The timeout of each command, in milliseconds. Token managers wait for at most 2 seconds. @default 1_000 */
  commandTimeout?: number | undefined;
  /** @default the system clock */
  clock?: Clock | undefined;
}

const OPTIONS: OptionTable<RedisStoreOptions> = {
  ...ENCRYPTION_OPTIONS,
  client: 'any',
  url: 'any',
  prefix: 'any',
  lockExpiry: 'number',
  commandTimeout: 'number',
  clock: 'object',
};

// Milliseconds beyond the duration of the work, so that one late renewal does not lose the lock.
const EXPIRY_MARGIN = 5_000;

/**
 * Creates a store that shares tokens between processes on many hosts through Redis 6 or later.
 *
 * If Redis is unreachable, hangs or fails over, calls reject with a TokenStoreError within `commandTimeout`. Later calls try again.
 *
 * @throws ConfigurationError if an option is invalid.
 * @example
 * attachAuthRefresh(api, { vendor, store: redisStore({ url: process.env.REDIS_URL }) });
 */
export function redisStore(options: RedisStoreOptions): SharedTokenStore {
  const [own, problems] = readOptions(options, OPTIONS);
  refuse('redisStore', [...problemsOf(own), ...problems]);
  const { prefix = 'axios-oauth-refresh', commandTimeout = 1_000, clock = systemClock } = own;
  const connection = createConnection({ ...connectionTo(own, commandTimeout), clock });
  const loadEncryption = createEncryption(own);
  const notifications = createNotifications(() => connection.duplicate(), clock, commandTimeout);
  const identity = thisProcess();

  function release(names: Names, owner: string, expiry: number): Promise<void> {
    const command = (driver: Driver) => runScript(driver, releaseLock, [names.lock], [owner, names.channel]);
    return releaseUntilExpiry(clock, expiry, () => connection.send(command));
  }

  async function read({ token }: Names): Promise<unknown[]> {
    const fields = await connection.send((driver) => driver.readFields(token, ['fence', 'value']));
    return fields as unknown[];
  }

  return sharedStore({
    async get(key) {
      const names = namesOf(prefix, key);
      const [fence, value] = await read(names);
      return parseToken(names, fence, value, await loadEncryption());
    },

    async set(key, stored) {
      const names = namesOf(prefix, key);
      const encryption = await loadEncryption();
      const text = formatToken(names, stored, encryption);
      const args = [`${stored.fence}`, text, expiryOf(stored, clock.now()), names.channel];
      const { accessToken, refreshToken } = stored.token;
      for (let isSent = false; ; isSent = true) {
        const [fence, value] = await read(names);
        // The reply was lost with the connection, and the script ran.
        if (isSent && value === text) break;
        const current = parseToken(names, fence, value, encryption);
        if (stored.fence <= (current?.fence ?? 0)) return false;
        const command = (driver: Driver) =>
          runScript(driver, setToken, [names.token], [...args, `${fence ?? ''}`]);
        if (Number(await connection.send(command, { secrets: [accessToken, refreshToken] })) === 1) break;
      }
      encryption.noteWritten(entryOf(names));
      return true;
    },

    async withLock(key, lockOptions, work) {
      const names = namesOf(prefix, key);
      const expiry = Math.ceil(own.lockExpiry ?? lockOptions.duration + EXPIRY_MARGIN);
      const owner: Owner = { id: randomUUID(), ...identity };
      const value = JSON.stringify(owner);
      const monotonic = monotonicOf(clock);
      let requested = 0;
      let mayHold = false;
      let isOver = false;
      const acquiring = acquireLock({
        names,
        owner,
        options: lockOptions,
        clock,
        notifications,
        async attempt(deadHolder, knownFence) {
          requested = monotonic();
          mayHold = true;
          const args = [value, `${expiry}`, deadHolder, knownFence];
          const command = (driver: Driver) => runScript(driver, tryLock, [names.lock, names.token], args);
          // The script may still run after a timeout or a lost connection.
          const onLate = () => void (isOver && release(names, value, expiry));
          const reply = (await connection.send(command, { onLate })) as unknown[];
          mayHold = String(reply[0]) === 'acquired';
          return reply;
        },
        parse: async (fence, text) => parseToken(names, fence, text, await loadEncryption()),
      });
      const outcome = await acquiring.catch((error: unknown) => {
        isOver = true;
        if (mayHold) void release(names, value, expiry);
        throw error;
      });
      if ('stoppedWith' in outcome) {
        isOver = true;
        return outcome.stoppedWith;
      }
      const renew = (driver: Driver) => runScript(driver, renewLock, [names.lock], [value, `${expiry}`]);
      const renewal = startLockRenewal(
        clock,
        expiry,
        monotonic() - requested,
        async () => Number(await connection.send(renew)) === 1,
      );
      try {
        throwIfAborted(lockOptions.signal);
        return await work({ fence: outcome.fence, signal: renewal.signal });
      } finally {
        renewal.stop();
        isOver = true;
        await release(names, value, expiry);
      }
    },

    async close() {
      notifications.close();
      connection.close();
    },
  });
}

export function problemsOf(options: RedisStoreOptions) {
  const { client, url, prefix } = options;
  const target = parseRedisUrl(url);
  return [
    (client === undefined) === (url === undefined) && 'set either client or url',
    client !== undefined &&
      !(isNodeRedis(Object(client)) || isIoredis(Object(client))) &&
      'client must be a client or Cluster of ioredis, or a client from createClient of redis',
    url !== undefined && 'problem' in target && `url ${target.problem}`,
    prefix !== undefined &&
      (typeof prefix !== 'string' || !/^[^{}]+$/.test(prefix)) &&
      'prefix must be a non-empty string without braces',
    ...encryptionProblems(options),
    options.lockExpiry === 0 && 'lockExpiry must be more than 0',
    options.commandTimeout === 0 && 'commandTimeout must be more than 0',
  ];
}
