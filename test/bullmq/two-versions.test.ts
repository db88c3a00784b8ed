import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { submitExport as SubmitExport } from '../../src/bullmq/index.ts';
import { removeExport, splitInterval } from '../../src/bullmq/index.ts';
import { failure } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { unpackVersion01 } from '../support/version-0.1.ts';

const NEWER = /has version 5, which a newer version of axios-oauth-refresh wrote.*Upgrade this process/;

describeWithRedis('an export on workers of version 0.1.0 and of this version', () => {
  const redis = useRedis();
  const modules = unpackVersion01();

  it('is complete, or fails with an error that names the version and resumes with workers of this version', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 20 });
    const old = await hosts.process({ modules });
    await hosts.process();
    const options = { pollInterval: 50 };
    const first = await (await hosts.submit()).finished(options).catch((error: Error) => error.message);
    // Version 0.1.0 cannot read the counts in the checkpoints of this version, and must not merge the parts without them.
    if (typeof first === 'string')
      expect(first).toMatch(/of version 2, this is version 1.*of an older version.*stop the older ones/);
    old.kill();
    const { records, warnings } = await (await hosts.submit()).finished(options);
    expect(records).toBe(1200);
    // Version 0.1.0 compares no totals, so its parts must not look as if they had no warnings.
    const byOld = old.events.filter(({ type, part }) => type === 'finished' && part !== undefined);
    const isMergedByOld = old.events.some(({ type, part }) => type === 'finished' && part === undefined);
    expect(warnings).toHaveLength(isMergedByOld ? 1 : byOld.length);
    await hosts.expectWhole();
  });

  it('is complete if version 0.1.0 submitted it and this version joins it, also after the old worker was killed', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 40 });
    const old: { submitExport: typeof SubmitExport } = await import(`${modules}/bullmq/index.js`);
    const options = { ...hosts.queue, name: 'all', output: 'all.jsonl', retryDelay: 50 };
    const first = await old.submitExport({ ...options, parts: splitInterval(hosts.simulator.interval, 6) });
    onTestFinished(() => first.close());
    const oldWorker = await hosts.process({ modules, checkpointInterval: 0 });
    await oldWorker.until('progress');
    oldWorker.kill();
    await hosts.process();
    const joined = await hosts.submit();
    expect(joined.state).toBe('joined');
    expect((await joined.finished({ pollInterval: 50 })).records).toBe(1200);
    await hosts.expectWhole();
  });
});

describeWithRedis('an export of a newer version', () => {
  const redis = useRedis();

  /** Submits an export without workers, and returns its key in Redis. */
  async function submitted() {
    const hosts = await manyHosts(redis);
    const handle = await hosts.submit();
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    return { hosts, handle, client, key: `${redis.prefix}:export:{${hosts.queue.queue}:all}` };
  }

  it('is left unchanged by workers, which emit one event, and is refused at submission and removal', async () => {
    const { hosts, handle, client, key } = await submitted();
    await client.hset(key, 'version', '5');
    const before = await client.hgetall(key);
    const { events } = await hosts.worker({ concurrency: 3 });
    await expect.poll(() => events.map(({ type }) => type)).toEqual(['left-alone']);
    expect(events[0]).toMatchObject({ name: 'all', error: { message: expect.stringMatching(NEWER) } });
    const queue = new Queue(hosts.queue.queue, { connection: client, prefix: redis.prefix });
    onTestFinished(() => queue.close());
    await expect
      .poll(() => queue.getJobCounts('delayed', 'failed', 'waiting-children'))
      .toEqual({
        delayed: 6,
        failed: 0,
        'waiting-children': 1,
      });
    const refused = [
      () => hosts.submit(),
      () => handle.finished(),
      () => removeExport({ ...hosts.queue, name: 'all' }),
    ];
    for (const refuse of refused) expect((await failure(refuse(), 'ERR_QUEUE')).message).toMatch(NEWER);
    expect(await client.hgetall(key)).toEqual(before);
    expect(events).toHaveLength(1);
  });

  it('keeps its jobs if only the jobs have a newer version', async () => {
    const { hosts, client } = await submitted();
    const queue = new Queue(hosts.queue.queue, { connection: client, prefix: redis.prefix });
    onTestFinished(() => queue.close());
    await queue.add('of the next version', { version: 5, unknown: true }, { jobId: 'next' });
    const { events } = await hosts.worker();
    await expect
      .poll(() => events.find(({ type }) => type === 'left-alone'))
      .toMatchObject({
        error: { message: expect.stringMatching(NEWER) },
      });
    await expect.poll(async () => (await queue.getJob('next'))?.isDelayed()).toBe(true);
    expect((await queue.getJob('next'))?.data).toEqual({ version: 5, unknown: true });
  });
});
