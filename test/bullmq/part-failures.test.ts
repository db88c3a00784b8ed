import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VERSION } from '../../src/bullmq/format-version.ts';
import { removeExport } from '../../src/bullmq/index.ts';
import { readPartFailure } from '../../src/bullmq/part-failures.ts';
import { ConfigurationError } from '../../src/core/index.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const failure = { code: 'ERR_JOB', message: 'no', resumable: true, permanent: false };
const noted = { worker: 'a', host: 'h', part: 0, scope: 'part', isLasting: true, at: 1, failure };

describe('a noted failure', () => {
  it('is read as it was noted', () => {
    expect(readPartFailure(JSON.stringify(noted))).toEqual(noted);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a number', '1'],
    ['no worker', JSON.stringify({ ...noted, worker: 1 })],
    ['an unknown scope', JSON.stringify({ ...noted, scope: 'all' })],
    ['no failure', JSON.stringify({ ...noted, failure: null })],
    ['an unknown code', JSON.stringify({ ...noted, failure: { ...failure, code: 'x y' } })],
    ['no message', JSON.stringify({ ...noted, failure: { ...failure, message: 1 } })],
  ])('with %s is ignored', (_, text) => {
    expect(readPartFailure(text)).toBe(undefined);
  });
});

describeWithRedis('the failures of an export', () => {
  const redis = useRedis();

  async function failing() {
    const hosts = await manyHosts(redis, { parts: 2 });
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const key = `${redis.prefix}:export:{${hosts.queue.queue}:all}:failures`;
    const handle = await hosts.submit();
    // A healthy worker that is busy with another queue keeps the export alive.
    const registry = `${redis.prefix}:workers:{${hosts.queue.queue}}`;
    const [seconds] = await client.time();
    const busy = { id: 'busy', host: 'busy', pid: 1, version: VERSION, account: 'simulated', rate: 'none' };
    await client.hset(registry, 'busy', `${(Number(seconds) + 3600) * 1000} ${JSON.stringify(busy)}`);
    const source = () => {
      throw new ConfigurationError('source', ['no such option']);
    };
    return { hosts, client, key, handle, source, registry };
  }

  it('are removed with the export', async () => {
    const { hosts, client, key, source } = await failing();
    const bad = await hosts.worker({ source });
    await expect.poll(() => client.exists(key)).toBe(1);
    await bad.close();
    await removeExport({ ...hosts.queue, name: 'all' });
    expect(await client.exists(key)).toBe(0);
  });

  it('do not end the export if they are damaged, and are removed when the export is complete', async () => {
    const { hosts, client, key, handle, source } = await failing();
    const bad = await hosts.worker({ source });
    await expect.poll(() => client.exists(key)).toBe(1);
    await client.hset(key, 'x', '{', 'y', 'null', 'z', '[]');
    await hosts.worker();
    await handle.finished({ pollInterval: 20 });
    await hosts.expectWhole();
    // The worker that merges records the summary before it removes the failures.
    await expect.poll(() => client.exists(key)).toBe(0);
    expect(bad.events.some(({ type }) => type === 'failed')).toBe(false);
  });

  it('of three starts of one bad worker do not end the export while a healthy worker lives', async () => {
    const { hosts, client, handle, source, registry } = await failing();
    for (let start = 0; start < 4; start++) {
      const bad = await hosts.worker({ source });
      await expect.poll(() => bad.events.some(({ type }) => type === 'retrying')).toBe(true);
      await bad.close();
      expect(bad.events.some(({ type }) => type === 'failed')).toBe(false);
    }
    await client.hdel(registry, 'busy');
    await hosts.worker();
    await handle.finished({ pollInterval: 20 });
    await hosts.expectWhole();
  });

  it('of the first start of the only worker count when the worker starts again', async () => {
    const { hosts, client, handle, source, registry } = await failing();
    const bad = await hosts.worker({ source });
    await expect.poll(() => bad.events.some(({ type }) => type === 'retrying')).toBe(true);
    await bad.close();
    await client.hdel(registry, 'busy');
    await hosts.worker({ source });
    await expect(handle.finished({ pollInterval: 20 })).rejects.toThrow(/no such option/);
  });
});
