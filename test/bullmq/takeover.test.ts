import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { numbered } from '../support/exporting.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

describeWithRedis('a part that another worker takes over', () => {
  const redis = useRedis();

  it('contains a record once that the API returned before and after the takeover', async () => {
    const hosts = await manyHosts(redis, { parts: 1 });
    const pages = [numbered(0, 10), numbered(10, 20), [...numbered(5, 15), ...numbered(20, 25)]];
    let reads = 0;
    const source = () => ({
      name: 'overlapping',
      query: null,
      identify: (item: unknown) => (item as { id: string }).id,
      async *read({ from, signal }: { from: unknown; signal: AbortSignal }) {
        const isFirstWorker = ++reads === 1;
        for (let page = Number(from ?? 0); page < pages.length; page++) {
          if (isFirstWorker && page === 2)
            await new Promise((_, reject) => signal.addEventListener('abort', reject));
          yield { items: pages[page] ?? [], ...(page < 2 && { next: page + 1 }) };
        }
      },
    });
    const first = await hosts.worker({ source, checkpointInterval: 0 });
    const handle = await hosts.submit({ parts: ['only'], output: false });
    await expect.poll(() => first.events.filter(({ type }) => type === 'progress').length).toBe(2);
    await first.close();
    await hosts.worker({ source });
    const summary = await handle.finished({ pollInterval: 20 });
    expect(summary).toMatchObject({ records: 25, repeated: 10 });
    const folder = join(hosts.directory, 'all.parts');
    const files = (await readdir(folder)).sort();
    // One file for each worker, and the manifest; the journals are removed.
    expect(files).toEqual([expect.any(String), expect.any(String), 'manifest.json']);
    const texts = await Promise.all(files.slice(0, 2).map((file) => readFile(join(folder, file), 'utf8')));
    const expected = numbered(0, 25).map((record) => JSON.stringify(record));
    expect(texts.join('').trimEnd().split('\n').sort()).toEqual(expected.sort());
  });
});
