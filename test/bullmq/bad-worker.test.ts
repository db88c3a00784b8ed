import { rename, rm } from 'node:fs/promises';
import axios from 'axios';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { BatchErrorCode } from '../../src/batch/index.ts';
import type { ExportWorkerEvent, ExportWorkerOptions } from '../../src/bullmq/index.ts';
import { createWorkerRegistry } from '../../src/bullmq/worker-registry.ts';
import { ConfigurationError } from '../../src/core/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { failure, temporaryDirectory } from '../support/batch.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { freePort } from '../support/free-port.ts';
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
  /** Whether the machine of the worker is the cause, so that the worker pauses. */
  pauses: boolean;
  /** Requests of each worker to the API until the export fails. */
  requests?: number;
}

const refusal = (status: number, requests: number): Fault => ({
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
  pauses: status !== 400,
  requests,
});

const FAULTS: readonly Fault[] = [
  {
    name: 'a directory that was removed',
    options: async () => ({ directory: await temporaryDirectory() }),
    strike: ({ directory = '' }) => rm(directory, { recursive: true }),
    code: 'ERR_OUTPUT',
    pauses: true,
  },
  {
    name: 'no connection to the API',
    options: async () => ({ api: axios.create({ baseURL: await closedUrl(), proxy: false }) }),
    code: 'ERR_REQUEST',
    pauses: true,
  },
  {
    name: 'no connection to the token endpoint',
    options: async ({ simulator: { clientId, clientSecret } }) => ({
      api: attached(genesysCloud({ envUrl: await closedUrl(), clientId, clientSecret })),
    }),
    code: 'ERR_REQUEST',
    pauses: true,
  },
  {
    name: 'refused credentials',
    options: async ({ simulator: { url, clientId } }) => ({
      api: attached(genesysCloud({ envUrl: url, clientId, clientSecret: 'wrong' })),
    }),
    code: 'ERR_REQUEST',
    pauses: true,
  },
  refusal(400, 1),
  refusal(401, 2),
  refusal(403, 1),
  {
    name: 'options that do not fit the export',
    options: async () => ({
      source() {
        throw new ConfigurationError('source', ['no such option']);
      },
    }),
    code: 'ERR_QUEUE',
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
      expect(count(bad.events(), 'finished')).toBe(0);
      expect(bad.requests()).toBeLessThanOrEqual(workers * (fault.requests ?? 0));
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

  it('is visible to others as paused, with the reason', async () => {
    const hosts = await manyHosts(redis);
    const fault = FAULTS[0] as Fault;
    const options = await fault.options(hosts);
    const bad = await hosts.worker(options);
    await fault.strike?.(options);
    await hosts.submit();
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const registry = createWorkerRegistry(client, { ...hosts.queue, timeout: 5000 });
    const reason = `${options.directory}/all.parts: the directory ${options.directory} does not exist`;
    await expect.poll(async () => (await registry.list()).map(({ paused }) => paused)).toEqual([reason]);
    await bad.close();
  });

  it('closes promptly during a pause', async () => {
    const hosts = await manyHosts(redis);
    const fault = FAULTS[0] as Fault;
    const options = await fault.options(hosts);
    const bad = await hosts.worker(options);
    await fault.strike?.(options);
    await hosts.submit();
    await expect.poll(() => count(bad.events, 'paused')).toBe(1);
    const began = performance.now();
    await bad.close();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(count(bad.events, 'resumed')).toBe(0);
  });
});
