import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { expect, it, onTestFinished } from 'vitest';
import { openOwn } from '../../../src/stores/redis/open-own.ts';
import type { RedisStoreOptions } from '../../../src/stores/redis/redis-store.ts';
import { describeWithRedisServer, type RedisServer } from '../../support/redis.ts';
import { failureOf, failuresOf, PASSWORD, TOKEN } from '../../support/redis-failures.ts';
import { aServer, aStore, aStored, hold, KEY, untilWaiting, waiting } from '../../support/redis-stores.ts';

async function failures(options: RedisStoreOptions, message: RegExp): Promise<void> {
  for (const failure of await failuresOf(aStore(options))) expect(failure.message).toMatch(message);
}

/** Options for a connection to a server. The tests expect the same behavior from each. */
const WAYS: [string, (server: RedisServer) => Promise<RedisStoreOptions>][] = [
  ['with a URL', async ({ url }) => ({ url })],
  [
    'with a client of ioredis',
    async ({ url }) => {
      const client = new Redis(url, { retryStrategy: () => 20 });
      onTestFinished(() => client.disconnect());
      return { client };
    },
  ],
  [
    'with a client of redis',
    async ({ url }) => {
      const client = createClient({ url, socket: { reconnectStrategy: 20 } });
      onTestFinished(() => client.destroy());
      await client.connect();
      return { client };
    },
  ],
];

describeWithRedisServer('redisStore when Redis fails', () => {
  it('reports a refused connection', async () => {
    const server = await aServer();
    await server.kill();
    await failures({ url: server.url }, /Redis refused the connection.*ECONNREFUSED/);
    await failures({ url: `redis://localhost:${server.port}` }, /Redis refused the connection.*ECONNREFUSED/);
  });

  it('reports an unknown host', async () => {
    await failures(
      { url: `redis://:${encodeURIComponent(PASSWORD)}@no-such-host.invalid` },
      /host of Redis was not found/,
    );
  });

  for (const [way, open] of WAYS) {
    it(`rejects all calls after the server is killed, and works again after the server restarts (${way})`, async () => {
      const server = await aServer();
      const store = aStore({ ...(await open(server)), commandTimeout: 600_000 });
      const held = await hold(store);
      const wait = failureOf(store.withLock(KEY, waiting(), async () => expect.unreachable()));
      await untilWaiting(server.url, 1);
      await server.kill();
      await wait;
      await failureOf(store.set(KEY, aStored(TOKEN, held.fence)));
      held.release();
      expect(await held.done).toBe('worked');
      await server.restart();
      await expect.poll(() => store.get(KEY).catch(() => 'error')).toBe(undefined);
      expect(await store.withLock(KEY, waiting(), async () => 'free')).toBe('free');
    });

    it(`times out on a hung server, releases a lock that it acquires too late, and works again (${way})`, async () => {
      const server = await aServer();
      const store = aStore({ ...(await open(server)), commandTimeout: 500, lockExpiry: 3_600_000 });
      const other = aStore({ url: server.url });
      expect(await store.get(KEY)).toBe(undefined);
      server.stop();
      const failed = await failuresOf(store);
      server.continue();
      for (const { message } of failed) {
        expect(message).toMatch(/did not answer within 500 ms|was not ready within 500 ms/);
      }
      await expect
        .poll(() =>
          store.get(KEY).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      expect(await other.withLock(KEY, waiting(), async () => 'free')).toBe('free');
    });
  }

  it('reports a missing or wrong password', async () => {
    const server = await aServer({ password: PASSWORD });
    await failures({ url: `redis://127.0.0.1:${server.port}` }, /Redis requires a password/);
    await failures(
      { url: `redis://:${encodeURIComponent(`${PASSWORD}!`)}@127.0.0.1:${server.port}` },
      /rejected the user name or password/,
    );
    expect(await aStore({ url: server.url }).get(KEY)).toBe(undefined);
  });

  it('reports that only one side uses TLS, and that a certificate is not trusted', async () => {
    const plain = await aServer();
    await failures({ url: plain.url.replace('redis:', 'rediss:'), commandTimeout: 300 }, /TLS/);
    const tls = await aServer({ tls: true });
    await failures({ url: tls.url.replace('rediss:', 'redis:') }, /If Redis requires TLS, use rediss/);
    await failures({ url: tls.url }, /certificate of Redis is not trusted.*NODE_EXTRA_CA_CERTS/);
    const client = new Redis(tls.url, { tls: { ca: tls.certificate?.cert ?? '' } });
    onTestFinished(() => client.disconnect());
    expect(await aStore({ client }).get(KEY)).toBe(undefined);
  });

  it('reports that the server is a replica', async () => {
    const primary = await aServer();
    const replica = await aServer();
    const client = new Redis(replica.url);
    onTestFinished(() => client.disconnect());
    await client.replicaof('127.0.0.1', primary.port);
    const store = aStore({ url: replica.url });
    expect(await store.get(KEY)).toBe(undefined);
    expect((await failureOf(store.set(KEY, aStored(TOKEN, 1)))).message).toMatch(/is a read-only replica/);
    expect((await failureOf(hold(store))).message).toMatch(/is a read-only replica/);
  });

  it('reports that Redis is out of memory, and that Redis is still loading its data', async () => {
    const server = await aServer({
      args: ['--maxmemory-policy', 'noeviction', '--enable-debug-command', 'yes'],
    });
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    const store = aStore({ url: server.url, commandTimeout: 300 });
    await client.config('SET', 'maxmemory', '1');
    expect((await failureOf(store.set(KEY, aStored(TOKEN, 1)))).message).toMatch(/out of memory/);
    expect((await failureOf(hold(store))).message).toMatch(/out of memory/);
    await client.config('SET', 'maxmemory', '0');
    await client.call('DEBUG', 'POPULATE', '2000');
    await client.config('SET', 'key-load-delay', '1000');
    await client.config('SET', 'loading-process-events-interval-bytes', '1024');
    client.call('DEBUG', 'RELOAD').catch(() => {});
    await expect
      .poll(() => failureOf(store.get(KEY)).then(({ message }) => message))
      .toMatch(/still loading its data/);
    await client.config('SET', 'key-load-delay', '0');
    await expect.poll(() => store.get(KEY).catch(() => 'error')).toBe(undefined);
  });

  it('uses the package redis if ioredis is not installed, and says what to install if both are missing', async () => {
    const server = await aServer();
    const missing = (name: string) => () =>
      Promise.reject(new Error(`Cannot find package '${name}' imported from here`));
    const redis = () => import('redis') as Promise<{ createClient: (options: object) => unknown }>;
    const driver = await openOwn({ url: server.url, options: {} }, 500, {
      ioredis: missing('ioredis'),
      redis,
    });
    onTestFinished(() => driver.close());
    await driver.ready();
    expect(await driver.readFields('a', ['b'])).toEqual([null]);
    await server.kill();
    const state = () =>
      driver.ready().then(
        () => 'ready',
        () => 'down',
      );
    await expect.poll(state).toBe('down');
    await expect(
      openOwn({ url: server.url, options: {} }, 500, {
        ioredis: missing('ioredis'),
        redis: missing('redis'),
      }),
    ).rejects.toThrow(
      'ioredis, which a Redis store with a URL needs, is not installed. Install it: npm install ioredis',
    );
    const broken = () => Promise.reject(new Error('Unexpected token'));
    await expect(openOwn({ url: server.url, options: {} }, 500, { ioredis: broken, redis })).rejects.toThrow(
      'failed to load (Unexpected token)',
    );
  });
});
