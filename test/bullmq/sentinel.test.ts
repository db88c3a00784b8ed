import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { type BatchError, genesysConversations } from '../../src/batch/index.ts';
import { removeExport, sharedRate } from '../../src/bullmq/index.ts';
import { queueUrl } from '../../src/cli/queue/queue-url.ts';
import { openOwn } from '../../src/stores/redis/open-own.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedisServer } from '../support/redis.ts';
import { failureOf } from '../support/redis-failures.ts';
import { MASTER, startSentinel } from '../support/redis-sentinel.ts';
import { aStore, aStored, KEY } from '../support/redis-stores.ts';

describeWithRedisServer('a URL of Sentinel', () => {
  it.each([
    { password: '', sentinelPassword: '' },
    { password: 'se%cret @:/', sentinelPassword: 'an%other &=+' },
  ])('leads the queue, sharedRate and redisStore to the master: %j', async (options) => {
    const { port, master } = await startSentinel(options);
    const url = await queueUrl(`redis+sentinel://127.0.0.1:1,127.0.0.1:${port}/${MASTER}/1`, {
      REDIS_PASSWORD: options.password,
      REDIS_SENTINEL_PASSWORD: options.sentinelPassword,
    });
    expect(await removeExport({ connection: url, name: 'x' })).toBe(false);
    const rate = await sharedRate({ connection: url, key: 'a', requests: 60_000 });
    await rate.close();
    const store = aStore({ url });
    expect(await store.set(KEY, aStored('token', 1))).toBe(true);
    expect(await aStore({ url: `${master.url}/1` }).get(KEY)).toMatchObject({ fence: 1 });
    expect(await aStore({ url: master.url }).get(KEY)).toBe(undefined);
  });

  it('completes an export although the master is replaced by its replica', async () => {
    const sentinel = await startSentinel({ replica: true, password: 'se%cret' });
    const url = `redis+sentinel://:se%25cret@127.0.0.1:${sentinel.port}/${MASTER}`;
    const hosts = await manyHosts({ url, prefix: 'failover' }, { parts: 3, pageDelay: 20 });
    const handle = await hosts.submit();
    let failover: Promise<void> | undefined;
    const worker = await hosts.worker({
      readAhead: 1,
      // The parts run longer than the failover takes, so that no part is given up.
      takeover: 60_000,
      checkpointInterval: 0,
      source: (part) => genesysConversations({ interval: String(part), pageSize: 10 }),
      onEvent: ({ type }) => {
        if (type === 'progress') failover ??= sentinel.failOver();
      },
    });
    expect(await handle.finished({ pollInterval: 50 })).toMatchObject({ records: 1200 });
    await failover;
    await hosts.expectWhole();
    await worker.close();
  });
});

const failures: [string, string | undefined, string, string | undefined, RegExp, RegExp][] = [
  // name, password in the URL, path, password of Sentinel, message of the queue, message of the store
  ['an unknown master', undefined, 'other', undefined, /No such master/, /does not know the master/],
  [
    'a missing password of Sentinel',
    undefined,
    MASTER,
    'sentinel-secret',
    /NOAUTH/,
    /Sentinel rejected the password, or requires one/,
  ],
  [
    'a wrong password of Sentinel',
    undefined,
    `${MASTER}?sentinelPassword=hunter2`,
    'sentinel-secret',
    /WRONGPASS/,
    /Sentinel rejected the password, or requires one/,
  ],
  ['a wrong password of Redis', 'hunter2', MASTER, undefined, /WRONGPASS/, /user name or password/],
];

describeWithRedisServer(
  'a connection through Sentinel fails with the address, without passwords, for',
  () => {
    it.each(failures)('%s', async (_, password, path, sentinelPassword, ofQueue, ofStore) => {
      const { port } = await startSentinel({
        ...(password && { password: 'redis-secret' }),
        ...(sentinelPassword && { sentinelPassword }),
      });
      const url = `redis+sentinel://${password ? `:${password}@` : ''}127.0.0.1:${port}/${path}`;
      const address = `the master ${path.replace(/\?.*/, '')} (Sentinel 127.0.0.1:${port})`;
      const queue: BatchError = await removeExport({ connection: url, name: 'x' }).then(
        () => expect.unreachable(),
        (error) => error,
      );
      expect(queue.message).toContain(`cannot connect to Redis at ${address}`);
      expect(queue.message).toMatch(ofQueue);
      const store = await failureOf(aStore({ url }).get(KEY));
      expect(store.message).toMatch(ofStore);
      if (!password) expect(store.message).toContain(address);
      for (const error of [queue, store]) expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
    });

    it('an unreachable Sentinel', async () => {
      const url = `redis+sentinel://:hunter2@127.0.0.1:1,127.0.0.1:2/${MASTER}`;
      const address = `the master ${MASTER} (Sentinel 127.0.0.1:1, 127.0.0.1:2)`;
      await expect(removeExport({ connection: url, name: 'x' })).rejects.toMatchObject({
        code: 'ERR_QUEUE',
        message: expect.stringMatching(/cannot connect to Redis at .*: failed to connect to sentinel/),
      });
      const { message } = await failureOf(aStore({ url }).get(KEY));
      expect(message).toMatch(/Sentinel is unreachable/);
      expect(message).toContain(address);
      expect(message).not.toContain('hunter2');
    });
  },
);

it('requires ioredis', async () => {
  const ioredis = () => Promise.reject(new Error("Cannot find package 'ioredis' imported from here"));
  const redis = () => Promise.reject(new Error('redis must not be loaded'));
  await expect(openOwn({ url: undefined, options: {} }, 500, { ioredis, redis })).rejects.toThrow(
    'ioredis, which a Redis store with a Sentinel URL needs, is not installed. Install it: npm install ioredis',
  );
});
