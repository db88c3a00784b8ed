import { renameSync } from 'node:fs';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { BatchErrorCode } from '../../src/batch/index.ts';
import { fileError } from '../../src/batch/internal.ts';
import { createMarker } from '../../src/bullmq/directory-marker.ts';
import { directoryParts, type ExportWorkerEvent, type ExportWorkerOptions } from '../../src/bullmq/index.ts';
import { createWorkerRegistry } from '../../src/bullmq/worker-registry.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../../src/cli/exit-code.ts';
import { ConfigurationError } from '../../src/core/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { failure, temporaryDirectory } from '../support/batch.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { freePort } from '../support/free-port.ts';
import { gatedSource } from '../support/gated-source.ts';
import { type ManyHosts, manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { sendJson, startServer } from '../support/server.ts';
import { attached } from '../support/simulated.ts';

/** Something that is wrong with a worker. */
interface Fault {
  name: string;
  /** Options of a worker with the fault. `requests` counts the requests to the API. */
  options(hosts: ManyHosts): Promise<Partial<ExportWorkerOptions> & { requests?: () => number }>;
  /** Makes the fault visible after the worker has started. */
  strike?: (options: Partial<ExportWorkerOptions>) => Promise<void>;
  code: BatchErrorCode;
  /** Exit code of the command that submitted the export, if all workers have the fault. */
  exitCode: ExitCode;
  /** What the error says about the fault. */
  reason: RegExp;
  /** Whether the machine of the worker is the cause, so that the worker pauses. */
  pauses: boolean;
  /** Requests of each worker to the API until the export fails. */
  requests?: number;
}

const refusal = (status: number, exitCode: ExitCode, reason: RegExp, requests: number): Fault => ({
  name: `an API that returns ${status}`,
  async options() {
    let count = 0;
    const server = await startServer((_, response) => {
      count++;
      sendJson(response, status, { message: 'no' });
    });
    onTestFinished(() => server.close());
    return { api: axios.create({ baseURL: server.url, proxy: false }), requests: () => count };
  },
  code: 'ERR_REQUEST',
  exitCode,
  reason,
  pauses: status !== 400,
  requests,
});

const ofDisk = (name: string, exitCode: ExitCode, reason: RegExp, write: () => Promise<void>): Fault => ({
  name,
  async options({ directory }) {
    const parts = directoryParts(directory);
    return {
      parts: {
        ...parts,
        sink: (part) => ({
          ...parts.sink(part),
          open: async (position) => ({
            ...(await parts.sink(part).open(position)),
            write: () =>
              write().catch((error: unknown) => {
                throw fileError('/mnt/part', error);
              }),
          }),
        }),
      },
    };
  },
  code: 'ERR_OUTPUT',
  exitCode,
  reason,
  pauses: true,
});

const FAULTS: readonly Fault[] = [
  {
    name: 'a directory that was removed',
    options: async () => ({ directory: await temporaryDirectory() }),
    strike: ({ directory = '' }) => rm(directory, { recursive: true }),
    code: 'ERR_OUTPUT',
    exitCode: EXIT.usage,
    reason: /the directory \S+ does not exist/,
    pauses: true,
  },
  {
    name: 'a directory that was replaced by a file',
    options: async () => ({ directory: await temporaryDirectory() }),
    async strike({ directory = '' }) {
      await rm(directory, { recursive: true });
      await writeFile(directory, '');
    },
    code: 'ERR_OUTPUT',
    exitCode: EXIT.usage,
    reason: /ENOTDIR|not a directory/,
    pauses: true,
  },
  ofDisk('a full disk', EXIT.partial, /ENOSPC|full/, () => writeFile('/dev/full', 'x')),
  ofDisk('a read-only directory', EXIT.usage, /EROFS|read-only/, async () => {
    throw Object.assign(new Error('EROFS: read-only file system, open'), { code: 'EROFS', syscall: 'open' });
  }),
  {
    name: 'a DNS server that does not know the API',
    options: async () => {
      const lookup: LookupFunction = (host, _, callback) =>
        callback(
          Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
            code: 'ENOTFOUND',
            syscall: 'getaddrinfo',
          }),
          '',
        );
      const httpAgent = new Agent({ lookup });
      return { api: axios.create({ baseURL: 'http://api.example', proxy: false, httpAgent }) };
    },
    code: 'ERR_REQUEST',
    exitCode: EXIT.partial,
    reason: /ENOTFOUND/,
    pauses: true,
  },
  {
    name: 'a connection whose TLS fails',
    async options({ simulator: { url } }) {
      return { api: axios.create({ baseURL: url.replace('http:', 'https:'), proxy: false }) };
    },
    code: 'ERR_REQUEST',
    exitCode: EXIT.partial,
    reason: /EPROTO|SSL/,
    pauses: true,
  },
  {
    name: 'no connection to the API',
    options: async () => ({ api: axios.create({ baseURL: await closedUrl(), proxy: false }) }),
    code: 'ERR_REQUEST',
    exitCode: EXIT.partial,
    reason: /ECONNREFUSED/,
    pauses: true,
  },
  {
    name: 'no connection to the token endpoint',
    options: async ({ simulator: { clientId, clientSecret } }) => ({
      api: attached(genesysCloud({ envUrl: await closedUrl(), clientId, clientSecret })),
    }),
    code: 'ERR_REQUEST',
    exitCode: EXIT.partial,
    reason: /ECONNREFUSED/,
    pauses: true,
  },
  {
    name: 'refused credentials',
    options: async ({ simulator: { url, clientId } }) => ({
      api: attached(genesysCloud({ envUrl: url, clientId, clientSecret: 'wrong' })),
    }),
    code: 'ERR_REQUEST',
    exitCode: EXIT.authentication,
    reason: /token/,
    pauses: true,
  },
  refusal(400, EXIT.permanent, /returned 400/, 1),
  refusal(401, EXIT.authentication, /401|unauthorized/, 2),
  refusal(403, EXIT.forbidden, /403|forbidden/, 1),
  {
    name: 'options that do not fit the export',
    options: async () => ({
      source() {
        throw new ConfigurationError('source', ['no such option']);
      },
    }),
    code: 'ERR_QUEUE',
    exitCode: EXIT.partial,
    reason: /no such option/,
    pauses: false,
  },
];

async function closedUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

describeWithRedis('a bad worker', () => {
  const redis = useRedis();

  async function badWorkers(hosts: ManyHosts, fault: Fault, count: number) {
    const options = await fault.options(hosts);
    const { requests = () => 0, ...own } = options;
    // A pause takes tens of milliseconds.
    const clock = createFastClock(100);
    const workers: Awaited<ReturnType<ManyHosts['worker']>>[] = [];
    for (let number = 0; number < count; number++) workers.push(await hosts.worker({ clock, ...own }));
    await fault.strike?.(own);
    const events = () => workers.flatMap((worker) => worker.events);
    return { events, requests, close: () => Promise.all(workers.map((worker) => worker.close())) };
  }

  const count = (events: readonly ExportWorkerEvent[], type: string) =>
    events.filter((event) => event.type === type).length;

  it.each(FAULTS)('with $name leaves its parts to a healthy worker', async (fault) => {
    const hosts = await manyHosts(redis, { pageDelay: 10 });
    const bad = await badWorkers(hosts, fault, 1);
    const healthy = await hosts.worker();
    const handle = await hosts.submit({ attempts: 2 });
    expect(await handle.finished({ pollInterval: 20 })).toMatchObject({ records: 1200 });
    await hosts.expectWhole();
    const events = bad.events();
    expect(count(events, 'handed-back') + count(events, 'retrying')).toBeGreaterThan(0);
    expect([count(events, 'finished'), count(events, 'failed')]).toEqual([0, 0]);
    expect(count(events, 'paused') > 0).toBe(fault.pauses);
    expect(count(healthy.events, 'retrying')).toBe(0);
    await bad.close();
  });

  it.each(FAULTS.flatMap((fault) => [1, 3].map((workers) => ({ ...fault, workers }))))(
    'with $name fails the export if there are $workers of them and no others',
    async ({ workers, ...fault }) => {
      const hosts = await manyHosts(redis);
      const bad = await badWorkers(hosts, fault, workers);
      const handle = await hosts.submit();
      const error = await failure(handle.finished({ pollInterval: 20 }), fault.code);
      expect(error.message).toMatch(/has failed: .*submit the same export again to resume/);
      expect(error.message).toMatch(fault.reason);
      if (fault.pauses) expect(error.message).toContain(`: ${hostname()}`);
      expect(exitCodeOf(error)).toBe(fault.exitCode);
      expect(count(bad.events(), 'finished')).toBe(0);
      // A worker that pauses sends a request again after each pause, and the clock of the pauses is fast.
      if (!fault.pauses) expect(bad.requests()).toBeLessThanOrEqual(workers * (fault.requests ?? 0));
      expect(count(bad.events(), 'paused') > 0).toBe(fault.pauses);
      // A later run is not judged by the failures of this run.
      const { directory } = hosts;
      await bad.close();
      await hosts.worker({ directory });
      const again = await hosts.submit();
      expect(again.state).toBe('resumed');
      expect(await again.finished({ pollInterval: 20 })).toMatchObject({ records: 1200 });
      await hosts.expectWhole();
    },
  );

  it('with others of different kinds does not end the export while the only healthy worker is busy', async () => {
    const hosts = await manyHosts(redis);
    const { source, open } = gatedSource({ pageSize: 50 });
    const healthy = await hosts.worker({ source });
    const handle = await hosts.submit({ attempts: 2 });
    await expect.poll(() => count(healthy.events, 'started')).toBe(1);
    const kinds = [
      'a DNS server that does not know the API',
      'an API that returns 401',
      'an API that returns 400',
    ];
    const bad: Awaited<ReturnType<typeof badWorkers>>[] = [];
    for (const kind of kinds)
      bad.push(await badWorkers(hosts, FAULTS.find(({ name }) => name === kind) as Fault, 1));
    const directory = await temporaryDirectory();
    const unshared = await hosts.worker({ clock: createFastClock(100), directory });
    // Long enough that each fault counts as lasting.
    const pauses = () =>
      [...bad.slice(0, 2).map(({ events }) => events()), unshared.events].map((events) =>
        count(events, 'paused'),
      );
    await expect.poll(() => Math.min(...pauses())).toBeGreaterThan(2);
    open();
    expect(await handle.finished({ pollInterval: 20 })).toMatchObject({ records: 1200 });
    await hosts.expectWhole();
    const events = [...bad.flatMap((worker) => worker.events()), ...unshared.events];
    expect([count(events, 'finished'), count(events, 'failed')]).toEqual([0, 0]);
    // The worker that has given up the export says so once.
    expect(count(bad.at(-1)?.events() ?? [], 'retrying')).toBe(1);
  });

  it('whose directory fails at the merge leaves the merge to a healthy worker', async () => {
    const hosts = await manyHosts(redis);
    const directory = join(await temporaryDirectory(), 'mount');
    await symlink(hosts.directory, directory);
    let finished = 0;
    let healthy: ReturnType<ManyHosts['worker']> | undefined;
    const { events } = await hosts.worker({
      directory,
      onEvent(event) {
        if (event.type === 'paused') healthy = hosts.worker();
        // The merge begins as soon as the last part is complete.
        if (event.type === 'finished' && ++finished === 6) renameSync(directory, `${directory}.away`);
        events.push(event);
      },
    });
    expect(await (await hosts.submit()).finished({ pollInterval: 20 })).toMatchObject({ records: 1200 });
    await hosts.expectWhole();
    expect(count(events, 'handed-back')).toBe(1);
    // The submitter can learn of the end before the worker emits its event.
    await expect.poll(async () => (await healthy)?.events.map(({ type }) => type)).toContain('finished');
  });

  it('that is restarted after each failure of its machine ends the export if it is the only one', async () => {
    const hosts = await manyHosts(redis);
    const fault = FAULTS.find(({ name }) => name === 'refused credentials') as Fault;
    const handle = await hosts.submit();
    const ended = failure(handle.finished({ pollInterval: 20 }), fault.code);
    for (let start = 0; start < 2; start++) {
      const bad = await hosts.worker(await fault.options(hosts));
      await expect.poll(() => count(bad.events, 'paused')).toBe(1);
      await bad.close();
    }
    expect((await ended).message).toMatch(fault.reason);
  });

  it('that returns parts with a priority wakes an idle worker', async () => {
    const hosts = await manyHosts(redis, { parts: 2 });
    const bad = await hosts.worker({ directory: await temporaryDirectory() });
    const healthy = await hosts.worker();
    const queue = new Queue(hosts.queue.queue, { connection: { url: redis.url }, prefix: redis.prefix });
    onTestFinished(() => queue.close());
    await queue.pause();
    const handle = await hosts.submit();
    for (const job of await queue.getWaiting()) await job.changePriority({ priority: 5 });
    // Another host has begun the export, so that one worker has a wrong directory.
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const marker = await createMarker(hosts.directory, 'all');
    await client.hset(`${redis.prefix}:export:{${hosts.queue.queue}:all}`, 'directory', `${marker} other`);
    const began = performance.now();
    await queue.resume();
    await handle.finished({ pollInterval: 20 });
    await hosts.expectWhole();
    // An idle worker that is not woken looks for jobs every 5 seconds.
    expect(performance.now() - began).toBeLessThan(4000);
    expect([count(bad.events, 'finished'), count(healthy.events, 'paused')]).toEqual([0, 0]);
  });

  it('takes parts again after its directory has come back', async () => {
    const hosts = await manyHosts(redis);
    const { directory } = hosts;
    const { events } = await hosts.worker({ clock: createFastClock(20) });
    await rename(directory, `${directory}.away`);
    const handle = await hosts.submit();
    await expect.poll(() => count(events, 'paused'), { interval: 5 }).toBe(1);
    await rename(`${directory}.away`, directory);
    expect(await handle.finished({ pollInterval: 20 })).toMatchObject({ records: 1200 });
    await hosts.expectWhole();
    expect([count(events, 'resumed'), count(events, 'retrying')]).toEqual([1, 0]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'paused', delay: 5000 }));
  });

  /** Submits an export to a queue whose only worker has a directory that fails. */
  async function submittedToBad() {
    const hosts = await manyHosts(redis);
    const fault = FAULTS[0] as Fault;
    const options = await fault.options(hosts);
    const bad = await hosts.worker(options);
    await fault.strike?.(options);
    await hosts.submit();
    return { hosts, options, bad };
  }

  it('is visible to others as paused, with the reason', async () => {
    const { hosts, options, bad } = await submittedToBad();
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const registry = createWorkerRegistry(client, { ...hosts.queue, timeout: 5000 });
    const reason = `${options.directory}/all.parts: the directory ${options.directory} does not exist`;
    await expect.poll(async () => (await registry.list()).map(({ paused }) => paused)).toEqual([reason]);
    await bad.close();
  });

  it('closes promptly during a pause', async () => {
    const { bad } = await submittedToBad();
    await expect.poll(() => count(bad.events, 'paused')).toBe(1);
    const began = performance.now();
    await bad.close();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(count(bad.events, 'resumed')).toBe(0);
  });
});
