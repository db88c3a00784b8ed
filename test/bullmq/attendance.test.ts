import { expect, it } from 'vitest';
import { pauseQueue, resumeQueue } from '../../src/bullmq/index.ts';
import { failure } from '../support/batch.ts';
import { gatedSource } from '../support/gated-source.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

describeWithRedis('an export that no worker processes', () => {
  const redis = useRedis();

  it.each([
    ['no workers', undefined, /^queue q\d+ has no workers\. /],
    [
      'only workers of other accounts',
      'other',
      /^queue q\d+ has only workers of other accounts, .*"simulated"/,
    ],
  ] as const)(
    'is reported once if the queue has %s, and finishes when a worker starts',
    async (_, account, words) => {
      const hosts = await manyHosts(redis, { records: 60 });
      if (account) await hosts.worker({ account });
      const handle = await hosts.submit({ account: 'simulated' });
      const warnings: string[] = [];
      const stop = new AbortController();
      const options = { pollInterval: 20, onWarning: (warning: string) => void warnings.push(warning) };
      const stopped = failure(handle.finished({ ...options, signal: stop.signal }), 'ERR_INTERRUPTED');
      await expect.poll(() => warnings.length, { timeout: 5000 }).toBe(1);
      expect(warnings[0]).toMatch(words);
      stop.abort();
      expect((await stopped).message).toContain('No worker processes the export now. It stays in the queue.');
      await hosts.worker();
      await handle.finished(options);
      expect(warnings).toHaveLength(1);
    },
  );

  it('is reported again if workers have processed the export since', async () => {
    const hosts = await manyHosts(redis, { records: 60, parts: 2 });
    const { source, open } = gatedSource();
    await hosts.worker({ source });
    const handle = await hosts.submit();
    const warnings: string[] = [];
    const onWarning = (warning: string) => void warnings.push(warning);
    const finished = handle.finished({ pollInterval: 20, onWarning });
    await expect.poll(() => handle.isAttended, { timeout: 5000 }).toBe(true);
    for (const count of [1, 2]) {
      await pauseQueue(hosts.queue);
      await expect.poll(() => warnings.length, { timeout: 10_000 }).toBe(count);
      await resumeQueue(hosts.queue);
      await expect.poll(() => handle.isAttended, { timeout: 10_000 }).toBe(true);
    }
    open();
    await finished;
    expect(new Set(warnings).size).toBe(1);
  });
});
