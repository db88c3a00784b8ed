import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { expect, it, onTestFinished } from 'vitest';
import { type RedisStoreOptions, redisStore } from '../../../src/stores/redis/redis-store.ts';
import { describeWithRedisServer } from '../../support/redis.ts';
import { aServer, aStore, aStored, hold, KEY, waiting } from '../../support/redis-stores.ts';

describeWithRedisServer('redisStore with a client', () => {
  it('accepts a Cluster of ioredis', async () => {
    const server = await aServer({
      args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    });
    const node = new Redis(server.url);
    onTestFinished(() => node.disconnect());
    await node.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    await expect.poll(() => node.cluster('INFO')).toContain('cluster_state:ok');
    const client = new Cluster([{ host: '127.0.0.1', port: server.port }]);
    onTestFinished(() => client.disconnect());
    const [store, other] = [aStore({ client }), aStore({ client })];
    const held = await hold(store);
    const stopWaitingWith = () => 'stopped';
    const wait = other.withLock(KEY, waiting({ stopWaitingWith }), async () => 'worked');
    expect(await store.set(KEY, aStored('a', held.fence))).toBe(true);
    expect(await wait).toBe('stopped');
    held.release();
    await held.done;
    expect((await other.get(KEY))?.token.accessToken).toBe('a');
  });

  it('accepts a client that connects lazily or uses RESP2', async () => {
    const { url } = await aServer();
    const lazy = new Redis(url, { lazyConnect: true, protocol: 2, db: 0 });
    onTestFinished(() => lazy.disconnect());
    const older = createClient({ url, RESP: 2 });
    onTestFinished(() => older.destroy());
    await older.connect();
    const stores = [aStore({ client: lazy }), aStore({ client: older })];
    for (const [i, store] of stores.entries()) {
      const held = await hold(store);
      expect(await store.set(KEY, aStored(`token ${i}`, held.fence))).toBe(true);
      held.release();
      await held.done;
      expect((await store.get(KEY))?.token.accessToken).toBe(`token ${i}`);
    }
  });

  it('releases a lock that it acquires after the shorter timeout of the client', async () => {
    const server = await aServer();
    const client = new Redis(server.url, { commandTimeout: 1_000 });
    onTestFinished(() => client.disconnect());
    const store = aStore({ client });
    // Run the script once, so that the server caches it.
    expect(await store.withLock(KEY, waiting(), async () => 'worked')).toBe('worked');
    server.stop();
    await expect(hold(store)).rejects.toThrow('Command timed out');
    server.continue();
    expect(await aStore({ url: server.url }).withLock(KEY, waiting(), async () => 'free')).toBe('free');
  });

  it('throws an error that names the invalid option, without the password of the URL', () => {
    const refused: [object, string][] = [
      [{}, 'set either client or url'],
      [{ client: {} }, 'client must be a client or Cluster of ioredis'],
      [{ client: createCluster({ rootNodes: [] }) }, 'or a client from createClient of redis'],
      [{ url: 'https://:pass-word@host' }, 'url must be a redis:// or rediss:// URL'],
      [{ url: 'pass-word' }, 'url must be a redis:// or rediss:// URL'],
      [{ url: 'redis://host', prefix: '{a}' }, 'prefix must be a non-empty string without braces'],
      [{ url: 'redis://host', prefix: '' }, 'prefix must be a non-empty string without braces'],
      [{ url: 'redis://host', lockExpiry: 0 }, 'lockExpiry must be more than 0'],
      [{ url: 'redis://host', commandTimeout: -1 }, 'commandTimeout must be a number'],
    ];
    for (const [options, problem] of refused) {
      const make = () => redisStore(options as RedisStoreOptions);
      expect(make).toThrow(problem);
      expect(make).not.toThrow('pass-word');
    }
  });
});
