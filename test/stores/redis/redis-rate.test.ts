import { setMaxListeners } from 'node:events';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { expect, it, onTestFinished } from 'vitest';
import { sharedRate } from '../../../src/bullmq/index.ts';
import { ConfigurationError, type RateLimiter } from '../../../src/index.ts';
import { type RedisRateOptions, redisRate } from '../../../src/stores/redis/index.ts';
import { startFixture } from '../../support/fixture.ts';
import { describeWithRedis, useRedis } from '../../support/redis.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

describeWithRedis('redisRate', () => {
  const redis = useRedis();

  function limiter(options: Omit<RedisRateOptions, 'prefix'>) {
    const rate = redisRate({ prefix: redis.prefix, ...options });
    onTestFinished(() => rate.close());
    return rate;
  }

  it('limits all clients with one key together, and the clients of sharedRate', async () => {
    const ioredis = new Redis(redis.url);
    const nodeRedis = createClient({ url: redis.url });
    await nodeRedis.connect();
    const shared = { key: 'one', requests: 100, interval: 1000 };
    const queue = await sharedRate({ connection: redis.url, prefix: redis.prefix, ...shared });
    onTestFinished(async () => {
      await queue.close();
      ioredis.disconnect();
      nodeRedis.destroy();
    });
    const rates: RateLimiter[] = [
      limiter({ url: redis.url, ...shared }),
      limiter({ client: ioredis, ...shared }),
      limiter({ client: nodeRedis as never, ...shared }),
      queue,
    ];
    const startedAt = performance.now();
    const times: number[] = [];
    await Promise.all(
      rates.flatMap((rate) =>
        Array.from({ length: 12 }, async () => {
          await rate(never);
          times.push(performance.now() - startedAt);
        }),
      ),
    );
    times.sort((a, b) => a - b);
    // Gaps of 10 ms, the first immediately. A timer may fire a millisecond early.
    for (const [index, time] of times.entries()) expect(time).toBeGreaterThan(index * 10 - 8);
  });

  it('is an option of the plugin', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({
      rate: limiter({ url: redis.url, key: 'p', requests: 20, interval: 1000 }),
    });
    const startedAt = performance.now();
    const responses = await Promise.all([1, 2, 3, 4, 5].map((n) => api.get(`/${n}`)));
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    expect(Math.max(...responses.map(({ waited = 0 }) => waited))).toBeGreaterThan(150);
  });

  it.each<[string, object, RegExp]>([
    ['no client and no URL', { key: 'a' }, /set either client or url/],
    ['a rate of 0', { url: 'redis://127.0.0.1', key: 'a', requests: 0 }, /rate.requests must be/],
    ['a key with braces', { url: 'redis://127.0.0.1', key: '{a}' }, /key must be/],
    ['no key', { url: 'redis://127.0.0.1' }, /key must be/],
  ])('refuses %s', (_, options, message) => {
    const create = () => redisRate({ requests: 1, ...options } as RedisRateOptions);
    expect(create).toThrow(ConfigurationError);
    expect(create).toThrow(message);
  });
});
