import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { failure } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../support/redis.ts';

describeWithRedis('a handle that is closed', () => {
  const redis = useRedis();

  test('lets go of whoever waits for the end', async () => {
    const hosts = await manyHosts(redis);
    const handle = await hosts.submit();
    const finished = handle.finished({ pollInterval: 10 });
    const ended = failure(finished, 'ERR_INTERRUPTED');
    await handle.close();
    await ended;
    await failure(handle.finished(), 'ERR_INTERRUPTED');
  });
});

describeWithRedisServer('a worker closed without Redis', () => {
  test('can be closed, also between two attempts to connect', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const hosts = await manyHosts({ url: redis.url, prefix: 'test' }, { pageDelay: 20 });
    const worker = await hosts.worker({ takeover: 500, readAhead: 1 });
    const handle = await hosts.submit();
    await expect.poll(() => worker.told.some(({ type }) => type === 'progress')).toBe(true);
    await redis.kill();
    // By then it waits longer between attempts.
    await expect
      .poll(() => worker.told.filter(({ type }) => type === 'queue-error').length)
      .toBeGreaterThan(4);
    await worker.close();
    await handle.close();
  });
});

describeWithRedisServer('a password of Redis that was changed', () => {
  test('is told by nobody, and ends the waiting', async () => {
    const redis = await startRedis({ password: 'hunter2-of-redis' });
    onTestFinished(() => redis.close());
    const hosts = await manyHosts({ url: redis.url, prefix: 'test' }, { pageDelay: 20 });
    const worker = await hosts.worker({ takeover: 500 });
    const handle = await hosts.submit();
    const finished = failure(handle.finished({ pollInterval: 20 }), 'ERR_QUEUE');
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    await admin.config('SET', 'requirepass', 'another');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const error = await finished;
    expect(error.message).toContain('WRONGPASS');
    const refusals = () => worker.told.filter((told) => inspect(told).includes('WRONGPASS'));
    await expect.poll(() => refusals().length).toBeGreaterThan(1);
    await worker.close();
    expect(inspect([error, worker.told], { depth: 10 })).not.toContain('hunter2-of-redis');
  });
});
