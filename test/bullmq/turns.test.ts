import { Queue } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { turnsOf } from '../../src/bullmq/turns.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

type Hosts = Awaited<ReturnType<typeof manyHosts>>;

const parts = Array.from({ length: 20 }, (_, part) => part);

function submit(hosts: Hosts, name: string, more = {}) {
  return hosts.submit({ name, output: `${name}.jsonl`, ...more });
}

/** Runs one worker until all exports are complete. Returns the names of the exports in the order of their parts. */
async function order(hosts: Hosts, handles: Awaited<ReturnType<typeof submit>>[]): Promise<string[]> {
  const { events } = await hosts.worker();
  await Promise.all(handles.map((handle) => handle.finished({ pollInterval: 20 })));
  return events.flatMap((event) =>
    event.type === 'started' && event.part !== undefined ? [event.name] : [],
  );
}

describeWithRedis('the order of parts of several exports', () => {
  const redis = useRedis();

  it('alternates between exports of the same priority', async () => {
    const hosts = await manyHosts(redis, { records: 40, parts: 20 });
    const started = await order(hosts, [await submit(hosts, 'a'), await submit(hosts, 'b')]);
    expect(started).toEqual(parts.flatMap(() => ['a', 'b']));
  });

  it('exports a more urgent export first', async () => {
    const hosts = await manyHosts(redis, { records: 40, parts: 20 });
    const handles = [
      await submit(hosts, 'later', { priority: 51 }),
      await submit(hosts, 'usual'),
      await submit(hosts, 'sooner', { priority: 49 }),
    ];
    const expected = ['sooner', 'usual', 'later'].flatMap((name) => parts.map(() => name));
    expect(await order(hosts, handles)).toEqual(expected);
  });

  it('gives an export that is submitted in the middle its turns at once', async () => {
    const hosts = await manyHosts(redis, { records: 400, parts: 20, pageDelay: 5 });
    const a = await submit(hosts, 'a');
    const b = await submit(hosts, 'b');
    const { events } = await hosts.worker();
    const count = () => events.filter(({ type }) => type === 'started').length;
    await expect.poll(count, { timeout: 10_000 }).toBeGreaterThan(10);
    const c = await submit(hosts, 'c');
    const before = count();
    await Promise.all([a, b, c].map((handle) => handle.finished({ pollInterval: 20 })));
    const names = events.flatMap((event) => (event.type === 'started' ? [event.name] : []));
    // A part of each other export can be ahead, and one can have started since.
    expect(names.slice(before, before + 5)).toContain('c');
    expect(names.slice(before, before + 12).filter((name) => name === 'c').length).toBeLessThan(7);
  });

  it('wakes an idle worker for a part that a closing worker returns', async () => {
    const hosts = await manyHosts(redis, { records: 200, parts: 1, pageSize: 10, pageDelay: 50 });
    const first = await hosts.worker({ readAhead: 1 });
    const handle = await submit(hosts, 'a');
    await expect.poll(() => first.events.some(({ type }) => type === 'progress')).toBe(true);
    const second = await hosts.worker({ readAhead: 1 });
    await first.close();
    await expect
      .poll(() => second.events.some(({ type }) => type === 'started'), { timeout: 1000 })
      .toBe(true);
    await handle.finished({ pollInterval: 20 });
  });

  it('shows the progress of parts and of the merge as percentages, and keeps their results', async () => {
    const hosts = await manyHosts(redis, { records: 300, parts: 3 });
    await hosts.worker();
    await (await submit(hosts, 'a')).finished({ pollInterval: 20 });
    const { queue: name, prefix } = hosts.queue;
    const queue = new Queue(name, { connection: { url: redis.url }, prefix });
    onTestFinished(() => queue.close());
    // The export is complete shortly before BullMQ has the result of the merge.
    await expect.poll(() => queue.getJobCountByTypes('completed')).toBe(4);
    const jobs = await queue.getJobs('completed');
    expect(jobs.map(({ progress }) => progress)).toEqual([100, 100, 100, 100]);
    const records = jobs.find((job) => job.name === 'merge')?.returnvalue;
    expect(records).toEqual({ records: 300 });
  });

  it('starts at the turn of the next waiting part, and keeps the turns below the limit of BullMQ', async () => {
    const next = 50 * 20_763 + 7;
    const client = { zrangebyscore: async () => ['id', String(next * 2 ** 32 + 5)] } as never;
    const options = { parts: 4, priority: 50, isComplete: (part: number) => part < 2 };
    expect(await turnsOf(client, '', options)).toEqual([next, next, next, next + 1]);
    const idle = { zrangebyscore: async () => [] } as never;
    const all = await turnsOf(idle, '', { parts: 30_000, priority: 100, isComplete: () => false });
    expect(all[0]).toBe(100 * 20_763 + 1);
    expect(Math.max(...all)).toBe(101 * 20_763);
    expect(101 * 20_763).toBeLessThan(2 ** 21);
  });
});
