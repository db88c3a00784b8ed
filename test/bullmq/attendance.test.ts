import { expect, it } from 'vitest';
import { failure } from '../support/batch.ts';
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
});
