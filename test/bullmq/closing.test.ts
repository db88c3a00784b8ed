import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { failure } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../support/redis.ts';

describeWithRedis('closing the handle of an export', () => {
  const redis = useRedis();

  it('rejects pending and later calls of finished with ERR_INTERRUPTED', async () => {
    const hosts = await manyHosts(redis);
    const handle = await hosts.submit();
    const finished = handle.finished({ pollInterval: 10 });
    const ended = failure(finished, 'ERR_INTERRUPTED');
    await handle.close();
    await ended;
    await failure(handle.finished(), 'ERR_INTERRUPTED');
  });
});

describeWithRedisServer('closing a worker while Redis is unreachable', () => {
  it('succeeds, also between two connection attempts', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const hosts = await manyHosts({ url: redis.url, prefix: 'test' }, { pageDelay: 20 });
    const worker = await hosts.worker({ takeover: 500, readAhead: 1 });
    const handle = await hosts.submit();
    await expect.poll(() => worker.events.some(({ type }) => type === 'progress')).toBe(true);
    await redis.kill();
    // After several errors, the delay between connection attempts is longer than the worker needs to close.
    await expect
      .poll(() => worker.events.filter(({ type }) => type === 'queue-error').length)
      .toBeGreaterThan(4);
    await worker.close();
    await handle.close();
  });
});

describeWithRedisServer('when the password of Redis changes', () => {
  it('finished rejects with WRONGPASS, and neither errors nor events contain the old password', async () => {
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
    const refusals = () => worker.events.filter((event) => inspect(event).includes('WRONGPASS'));
    await expect.poll(() => refusals().length).toBeGreaterThan(1);
    await worker.close();
    expect(inspect([error, worker.events], { depth: 10 })).not.toContain('hunter2-of-redis');
  });
});
