import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { WholeProgress } from '../../src/bullmq/index.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

describeWithRedis('an export in parts', () => {
  const redis = useRedis();

  test('is merged into one output with every record once', async () => {
    const hosts = await manyHosts(redis, { records: 3000 });
    const worker = await hosts.worker({ concurrency: 2 });
    const handle = await hosts.submit();
    expect(handle.state).toBe('new');
    const seen: WholeProgress[] = [];
    const summary = await handle.finished({
      onProgress: (progress) => seen.push(progress),
      pollInterval: 50,
    });
    expect(summary).toEqual({
      status: 'complete',
      name: 'all',
      alreadyComplete: false,
      records: 3000,
      repeated: expect.any(Number),
      parts: 6,
      output: 'all.jsonl',
    });
    // Conversations that were active on both sides of a cut.
    expect(summary.repeated).toBeGreaterThan(0);
    await hosts.expectWhole();
    expect(seen[0]).toMatchObject({ parts: 6 });
    expect(await readdir(hosts.directory)).toEqual(['all.jsonl']);
    expect(worker.told.filter(({ type }) => type === 'queue-error')).toEqual([]);
  });
});
