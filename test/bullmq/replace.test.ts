import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { exportKeys } from '../../src/bullmq/keys.ts';
import { failure, preparedPages } from '../support/batch.ts';
import { numbered } from '../support/exporting.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const POLL = { pollInterval: 20 };

describeWithRedis('an export on many hosts whose output exists', () => {
  const redis = useRedis();

  async function exporting() {
    const hosts = await manyHosts(redis, { records: 0 });
    let count = 0;
    await hosts.worker({
      source: (part) => {
        if (part === 'fails') throw new Error('no source');
        return preparedPages([{ items: numbered(0, count) }]);
      },
    });
    return {
      ...hosts,
      async run(records: number, name: string, more: Parameters<typeof hosts.submit>[0] = {}) {
        count = records;
        const handle = await hosts.submit({ name, parts: [0], output: 'out.jsonl', ...more });
        return handle.finished(POLL);
      },
      lines: async () =>
        (await readFile(join(hosts.directory, 'out.jsonl'), 'utf8')).trimEnd().split('\n').length,
    };
  }

  it('fails without `replace`, and replaces the output with it', async () => {
    const { run, lines, directory } = await exporting();
    await run(5, 'first');
    await failure(run(3, 'other'), 'ERR_OUTPUT_EXISTS');
    expect(await lines()).toBe(5);
    expect(await run(3, 'again', { replace: true })).toMatchObject({ records: 3, output: 'out.jsonl' });
    expect(await lines()).toBe(3);
    expect(await readdir(directory)).not.toContainEqual(expect.stringContaining('merging'));
  });

  it('keeps the output if an export with `replace` fails', async () => {
    const { run, lines } = await exporting();
    await run(5, 'first');
    await expect(run(3, 'again', { replace: true, parts: [0, 'fails'], attempts: 1 })).rejects.toThrow(
      'part 1',
    );
    expect(await lines()).toBe(5);
  });

  it.each([
    [true, -1],
    [false, 7 * 86_400],
  ])('keeps its summary in Redis if `keepSummary` is %s', async (keepSummary, expiry) => {
    const { run, queue } = await exporting();
    await run(5, 'kept', { keepSummary });
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    expect(await client.ttl(exportKeys(queue.prefix, queue.queue, 'kept').whole)).toBeCloseTo(expiry, -2);
    expect(await run(9, 'kept', { keepSummary })).toMatchObject({ records: 5, alreadyComplete: true });
  });

  it('refuses `replace` without an output', async () => {
    const { run } = await exporting();
    await expect(run(1, 'x', { replace: true, output: false })).rejects.toThrow('replace requires an output');
  });
});
