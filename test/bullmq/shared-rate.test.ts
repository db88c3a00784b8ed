import { setMaxListeners } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { sharedRate } from '../../src/bullmq/index.ts';
import { ConfigurationError } from '../../src/index.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../support/redis.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

describeWithRedis('sharedRate', () => {
  const redis = useRedis();

  async function limiter(key: string, requests: number, interval: number) {
    const rate = await sharedRate({ connection: redis.url, prefix: redis.prefix, key, requests, interval });
    onTestFinished(() => rate.close());
    return rate;
  }

  it('limits all processes together', async () => {
    const rates = await Promise.all([1, 2, 3].map(() => limiter('one', 100, 1000)));
    const startedAt = performance.now();
    const times: number[] = [];
    await Promise.all(
      rates.flatMap((rate) =>
        Array.from({ length: 20 }, async () => {
          await rate(never);
          times.push(performance.now() - startedAt);
        }),
      ),
    );
    // 60 requests at gaps of 10 ms, the first immediately. A timer may fire a millisecond early.
    times.sort((a, b) => a - b);
    for (const [index, time] of times.entries()) expect(time).toBeGreaterThan(index * 10 - 8);
  });

  it('keeps a separate rate for each key', async () => {
    const [slow, other] = [await limiter('slow', 1, 60_000), await limiter('other', 1, 60_000)];
    await slow(never);
    await other(never);
    const stop = new AbortController();
    const waits = slow(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waits).rejects.toThrow('enough');
  });

  it('limits the workers of a queue together', async () => {
    const hosts = await manyHosts(redis, { records: 600, parts: 4 });
    const rate = { requests: 25, interval: 500 };
    await Promise.all([hosts.worker({ rate }), hosts.worker({ rate })]);
    const handle = await hosts.submit();
    const startedAt = performance.now();
    await handle.finished({ pollInterval: 20 });
    const { apiRequests } = hosts.simulator.counts;
    expect(apiRequests).toBeGreaterThan(15);
    expect(performance.now() - startedAt).toBeGreaterThan((apiRequests - 2) * 20);
    await hosts.expectWhole();
  });

  it('refuses an invalid key or rate', async () => {
    const wrong = sharedRate({ connection: redis.url, key: 'a:b', requests: 0 });
    await expect(wrong).rejects.toThrow(ConfigurationError);
    await expect(wrong).rejects.toThrow(/key must be.*rate.requests must be/);
  });
});

describeWithRedisServer('when the Redis of a shared rate stops', () => {
  it('requests wait until Redis is back, or until their signal aborts', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const rate = await sharedRate({ connection: redis.url, key: 'x', requests: 1000, interval: 1000 });
    onTestFinished(() => rate.close());
    await rate(never);
    await redis.kill();
    const stop = new AbortController();
    const ended = expect(rate(stop.signal)).rejects.toThrow('enough');
    const waits = rate(never);
    stop.abort(new Error('enough'));
    await redis.restart();
    await ended;
    await waits;
  });
});
