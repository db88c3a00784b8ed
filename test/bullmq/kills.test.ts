import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { WorkerProcess } from '../support/export-workers.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../support/redis.ts';

async function afterFirstPage(starting: Promise<WorkerProcess>): Promise<WorkerProcess> {
  const worker = await starting;
  await worker.until('progress');
  return worker;
}

describeWithRedis('when workers die', () => {
  const redis = useRedis();

  it('the output has every record once after five kills among three workers', async () => {
    const hosts = await manyHosts(redis, { records: 3000, pageDelay: 60 });
    const handle = await hosts.submit();
    const settings = { takeover: 1000, checkpointInterval: 50, readAhead: 1 };
    let workers = [1, 2, 3].map(() => hosts.process(settings));
    const finished = handle.finished({ pollInterval: 50 });
    let kills = 0;
    for (; kills < 5; kills++) {
      // Kill the first worker that makes progress, and start a replacement.
      const victim = await Promise.race(workers.map((worker) => afterFirstPage(worker)));
      await delay(Math.random() * 300);
      victim.kill();
      const rest = await Promise.all(
        workers.map(async (worker) => ((await Promise.race([worker, undefined])) === victim ? [] : [worker])),
      );
      workers = [...rest.flat(), hosts.process(settings)];
    }
    const summary = await finished;
    // The end of the test kills workers. A worker killed during its start would cause an unhandled rejection.
    await Promise.all(workers);
    expect(summary).toMatchObject({ records: 3000, parts: 6 });
    await hosts.expectWhole();
    // The worker that merges records the summary before it removes the parts.
    await expect.poll(() => readdir(hosts.directory)).toEqual(['all.jsonl']);
  });

  it('another worker takes over their parts after the job lock expires', async () => {
    const hosts = await manyHosts(redis, { records: 2000, parts: 1, pageDelay: 30 });
    const settings = { takeover: 2000, checkpointInterval: 50, readAhead: 1 };
    const first = await hosts.process(settings);
    const handle = await hosts.submit();
    await first.until('progress');
    const second = await hosts.worker(settings);
    first.kill();
    const killedAt = performance.now();
    await expect.poll(() => second.events.some(({ type }) => type === 'started')).toBe(true);
    const takeover = performance.now() - killedAt;
    // Not before the job lock expires. Some of its time had already passed when the worker was killed.
    expect(takeover).toBeGreaterThan(300);
    await handle.finished({ pollInterval: 50 });
    await hosts.expectWhole();
  });

  it('a worker that was presumed dead and continues does not change the output', async () => {
    const hosts = await manyHosts(redis, { records: 2000, parts: 2, pageDelay: 20 });
    const settings = { takeover: 800, checkpointInterval: 20, readAhead: 1 };
    const zombie = await hosts.process(settings);
    const handle = await hosts.submit({ keepParts: true });
    await zombie.until('progress', 0);
    zombie.kill('SIGSTOP');
    const other = await hosts.process(settings);
    await other.until('started', 0);
    zombie.kill('SIGCONT');
    const lost = await zombie.until('lost', 0);
    expect(lost.error).toMatch(/taken over|another worker|interrupted/);
    expect(await handle.finished({ pollInterval: 50 })).toMatchObject({ records: 2000 });
    await hosts.expectWhole();
    // Each worker wrote its own file of the part. The file of the zombie is valid only up to its last checkpoint.
    const files = (await readdir(join(hosts.directory, 'all.parts'))).filter((file) => file.startsWith('0.'));
    expect(files.length).toBeGreaterThanOrEqual(2);
  });

  it('another worker repeats an interrupted merge', async () => {
    const hosts = await manyHosts(redis, { records: 20_000, parts: 3, pageSize: 100 });
    const handle = await hosts.submit();
    let merges = 0;
    for (; merges < 3; merges++) {
      const worker = await hosts.process({ takeover: 600, concurrency: 3 });
      await worker.until('started', undefined);
      await expect
        .poll(() => worker.events.some(({ type, part }) => type === 'started' && part === undefined), {
          interval: 1,
        })
        .toBe(true);
      await delay(merges * 40);
      worker.kill();
      await worker.ended;
    }
    const last = await hosts.worker({ takeover: 600 });
    expect(await handle.finished({ pollInterval: 50 })).toMatchObject({ records: 20_000 });
    await expect.poll(() => readdir(hosts.directory)).toEqual(['all.jsonl']);
    expect(last.events.length).toBeGreaterThan(0);
    await hosts.expectWhole();
  });

  it('a worker that is closed instead returns its part with all pages saved', async () => {
    const hosts = await manyHosts(redis, { records: 2000, parts: 1, pageDelay: 20 });
    // Too long for a takeover within this test.
    const first = await hosts.process({ takeover: 60_000, checkpointInterval: 10_000, readAhead: 1 });
    const handle = await hosts.submit();
    await first.until('progress');
    await expect.poll(() => first.events.filter(({ type }) => type === 'progress').length).toBeGreaterThan(4);
    first.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const pages = first.events.filter(({ type }) => type === 'progress').length;
    expect(first.events.at(-1)).toMatchObject({ type: 'handed-back', part: 0 });

    const before = hosts.simulator.counts.apiRequests;
    const second = await hosts.worker({ takeover: 60_000 });
    await handle.finished({ pollInterval: 50 });
    await hosts.expectWhole();
    expect(second.events.some(({ type }) => type === 'finished')).toBe(true);
    // The second worker continued after the last page of the first, although no checkpoint was due: 40 pages in all, one of them empty.
    expect(hosts.simulator.counts.apiRequests - before).toBeLessThanOrEqual(42 - pages);
  });
});

describeWithRedisServer('when Redis stops', () => {
  it('the export continues after Redis restarts with the data from its disk', async () => {
    const redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    try {
      const hosts = await manyHosts(
        { url: redis.url, prefix: 'test' },
        { records: 2000, parts: 4, pageDelay: 20 },
      );
      const workers = [await hosts.worker({ readAhead: 1 }), await hosts.worker({ readAhead: 1 })];
      const handle = await hosts.submit();
      const finished = handle.finished({ pollInterval: 50 });
      await expect.poll(() => workers[0]?.events.some(({ type }) => type === 'progress')).toBe(true);
      await redis.restart();
      expect(await finished).toMatchObject({ records: 2000 });
      await hosts.expectWhole();
      await Promise.all(workers.map((worker) => worker.close()));
    } finally {
      await redis.close();
    }
  });

  it('workers and handles close even if Redis never comes back', async () => {
    const redis = await startRedis();
    const hosts = await manyHosts(
      { url: redis.url, prefix: 'test' },
      { records: 2000, parts: 2, pageDelay: 20 },
    );
    const worker = await hosts.process({ takeover: 1000, readAhead: 1 });
    const handle = await hosts.submit();
    await worker.until('progress');
    await redis.close();
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    await handle.close();
    // The records read so far are still on disk.
    const [folder] = await readdir(hosts.directory);
    expect(
      (
        await readFile(
          join(hosts.directory, `${folder}`, `${(await readdir(join(hosts.directory, `${folder}`)))[0]}`),
        )
      ).length,
    ).toBeGreaterThan(0);
  });
});
