import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BatchError, genesysConversations } from '../../src/batch/index.ts';
import { removeExport, splitInterval, type WholeProgress } from '../../src/bullmq/index.ts';
import { failure } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

describeWithRedis('an export on many hosts', () => {
  const redis = useRedis();

  it('merges its parts into one output that contains every record once', async () => {
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
      outside: 0,
      stated: expect.any(Number),
      missing: 0,
      warnings: [],
      parts: 6,
      output: 'all.jsonl',
    });
    // Conversations that were active at the boundary of two parts.
    expect(summary.repeated).toBeGreaterThan(0);
    await hosts.expectWhole();
    expect(seen[0]).toMatchObject({ parts: 6 });
    expect(await readdir(hosts.directory)).toEqual(['all.jsonl']);
    expect(worker.events.filter(({ type }) => type === 'queue-error')).toEqual([]);
  });

  it('is joined by a second submission while it runs, and returns its summary when it is complete', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 20 });
    const first = await hosts.submit();
    const second = await hosts.submit();
    expect([first.state, second.state]).toEqual(['new', 'joined']);
    const worker = await hosts.worker({ concurrency: 3 });
    const options = { pollInterval: 50 };
    const summaries = await Promise.all([first.finished(options), second.finished(options)]);
    expect(summaries[0]).toEqual(summaries[1]);
    const before = hosts.simulator.counts.apiRequests;
    const third = await hosts.submit();
    expect(third.state).toBe('complete');
    expect(await third.finished()).toEqual({ ...summaries[0], alreadyComplete: true });
    await hosts.expectWhole();
    expect(hosts.simulator.counts.apiRequests).toBe(before);
    const started = worker.events.filter(({ type }) => type === 'started');
    expect(started).toHaveLength(7);

    const error = await failure(hosts.submit({ output: 'other.jsonl' }), 'ERR_CHECKPOINT_MISMATCH');
    expect(error.message).toContain('with other parts, another output');
    await failure(hosts.submit({ parts: ['a'] }), 'ERR_CHECKPOINT_MISMATCH');
    expect(await removeExport({ ...hosts.queue, name: 'all' })).toBe(true);
    expect(await removeExport({ ...hosts.queue, name: 'all' })).toBe(false);
    // The output still exists and is not overwritten.
    const again = await hosts.submit();
    expect(again.state).toBe('new');
    const exists = await failure(again.finished(options), 'ERR_OUTPUT_EXISTS');
    expect(exists.message).toContain('all.jsonl already exists');
    await hosts.expectWhole();
  });

  it('fails when a part fails permanently, and resumes when it is submitted again', async () => {
    const hosts = await manyHosts(redis, { parts: 4 });
    let broken = true;
    const read: number[] = [];
    const parts = splitInterval(hosts.simulator.interval, 4);
    const worker = await hosts.worker({
      source: (part) => {
        const number = parts.indexOf(String(part));
        const source = genesysConversations({ interval: String(part), pageSize: 50 });
        return {
          ...source,
          async *read(context) {
            read.push(number);
            if (broken && number === 2)
              throw new BatchError('no such field', 'ERR_JOB', { resumable: false });
            yield* source.read(context);
          },
        };
      },
    });
    const handle = await hosts.submit();
    const error = await failure(handle.finished({ pollInterval: 50 }), 'ERR_JOB');
    expect(error.message).toMatch(
      /^part 2 of all has failed: no such field\. 2 of 4 parts are complete and \d+ records are kept/,
    );
    await expect.poll(() => worker.events.some(({ type }) => type === 'failed')).toBe(true);
    // Workers skip the unstarted part of a failed export.
    await expect.poll(() => worker.events.filter(({ type }) => type === 'skipped').length).toBeGreaterThan(0);
    expect(read).toEqual([0, 1, 2]);

    broken = false;
    const again = await hosts.submit();
    expect(again.state).toBe('resumed');
    expect(await again.finished({ pollInterval: 50 })).toMatchObject({
      records: 1200,
      alreadyComplete: false,
    });
    expect(read).toEqual([0, 1, 2, 2, 3]);
    await hosts.expectWhole();
  });

  it('attempts a part again after an error that can pass, at most `attempts` times', async () => {
    const hosts = await manyHosts(redis, { parts: 2 });
    let failures = 0;
    const worker = await hosts.worker({
      source: (part) => {
        const source = genesysConversations({ interval: String(part), pageSize: 50 });
        return {
          ...source,
          async *read(context) {
            if (++failures <= 2) throw new BatchError('not yet', 'ERR_JOB');
            yield* source.read(context);
          },
        };
      },
    });
    const persistent = await hosts.submit({ attempts: 3 });
    expect(await persistent.finished({ pollInterval: 50 })).toMatchObject({ records: 1200 });
    expect(worker.events.filter(({ type }) => type === 'retrying')).toHaveLength(2);
    failures = 0;
    const once = await hosts.submit({ name: 'once', output: 'once.jsonl', attempts: 1 });
    const error = await failure(once.finished({ pollInterval: 50 }), 'ERR_JOB');
    expect(error).toMatchObject({ resumable: true });
  });

  it('fails before the first request if a foreign file has the name of the output', async () => {
    const hosts = await manyHosts(redis);
    await hosts.worker();
    await writeFile(join(hosts.directory, 'all.jsonl'), 'precious');
    const handle = await hosts.submit();
    await failure(handle.finished({ pollInterval: 50 }), 'ERR_OUTPUT_EXISTS');
    expect(hosts.simulator.counts.apiRequests).toBe(0);
    expect(await readFile(join(hosts.directory, 'all.jsonl'), 'utf8')).toBe('precious');
    await rm(join(hosts.directory, 'all.jsonl'));
    const again = await hosts.submit();
    await again.finished({ pollInterval: 50 });
    await hosts.expectWhole();
  });

  it('continues when the signal of finished aborts', async () => {
    const hosts = await manyHosts(redis);
    const handle = await hosts.submit();
    const stop = new AbortController();
    const finished = handle.finished({ signal: stop.signal });
    stop.abort(new Error('enough'));
    const error = await failure(finished, 'ERR_INTERRUPTED');
    expect(error.message).toContain('Its workers continue');
  });
});
