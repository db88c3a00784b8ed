import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { VERSION } from '../../src/bullmq/format-version.ts';
import { ConfigurationError } from '../../src/index.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const HUNDRED = { requests: 100, interval: 60_000 };
const own = Object.assign(async () => {}, {});

describeWithRedis('the rate of the workers of a queue', () => {
  const redis = useRedis();

  it.each([
    ['the same rate', HUNDRED, HUNDRED, undefined],
    ['the same rate in other units', HUNDRED, { requests: 6000, interval: 3_600_000 }, undefined],
    ['the default interval', HUNDRED, { requests: 100 }, undefined],
    ['no rate and no rate', undefined, undefined, undefined],
    ['another rate', HUNDRED, { requests: 200 }, 'has the rate 200/min, but a worker on \\S+ has 100/min\\.'],
    [
      'another unit',
      { requests: 5, interval: 1000 },
      { requests: 5 },
      'has the rate 5/min, but a worker on \\S+ has 5/s\\.',
    ],
    ['another interval', HUNDRED, { requests: 1, interval: 7 }, 'has the rate 1/7 ms, but'],
    ['a rate and no rate', HUNDRED, undefined, 'has the rate none, but a worker on \\S+ has 100/min'],
    ['no rate and a rate', undefined, HUNDRED, 'has the rate 100/min, but a worker on \\S+ has none'],
    ['a limiter of the caller', HUNDRED, own, undefined],
    ['a rate after a limiter of the caller', own, HUNDRED, undefined],
  ])('accepts or refuses %s', async (_, first, second, refusal) => {
    const hosts = await manyHosts(redis);
    const running = await hosts.worker({ rate: first });
    const start = () => hosts.worker({ rate: second });
    if (refusal === undefined) return void (await start());
    const error = await start().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(new RegExp(refusal));
    await running.close();
    await start();
  });

  it('is the rate of one of two workers that start at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const hosts = await manyHosts(redis);
      const starts = await Promise.allSettled([
        hosts.worker({ rate: HUNDRED }),
        hosts.worker({ rate: { requests: 200 } }),
      ]);
      expect(starts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('can change when the other workers have given no sign of life for 10 seconds', async () => {
    const hosts = await manyHosts(redis);
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const key = `${redis.prefix}:workers:{${hosts.queue.queue}}`;
    const dead = { id: 'dead', host: 'gone', pid: 1, version: VERSION, rate: '100/60000' };
    const [seconds] = await client.time();
    await client.hset(
      key,
      'dead',
      `${Number(seconds) * 1000 - 2000} ${JSON.stringify(dead)}`,
      'broken',
      'x',
      'damaged',
      `${Date.now()} {`,
    );
    await expect(hosts.worker({ rate: { requests: 200 } })).rejects.toThrow('a worker on gone has 100/min');
    await client.hset(key, 'dead', `${Number(seconds) * 1000 - 11_000} ${JSON.stringify(dead)}`);
    await hosts.worker({ rate: { requests: 200 } });
    expect(await client.hexists(key, 'dead')).toBe(0);
  });
});
