import { expect, it } from 'vitest';
import type { BatchError } from '../../src/batch/index.ts';
import type { ExportWorkerEvent } from '../../src/bullmq/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { attached } from '../support/simulated.ts';

interface Plan {
  fails(event: ExportWorkerEvent): boolean;
  recovers(event: ExportWorkerEvent, before: ExportWorkerEvent[]): boolean;
  maxOutage?: number;
  attempts?: number;
}

describeWithRedis('an outage of the API', () => {
  const redis = useRedis();

  /** Runs an export on a worker whose network fails after one event, and recovers after another one. */
  async function interrupted({ fails, recovers, maxOutage, attempts }: Plan) {
    const hosts = await manyHosts(redis, { parts: 2, pageDelay: 10 });
    const proxy = await startOutageProxy(hosts.simulator.url);
    const { clientId, clientSecret } = hosts.simulator;
    const events: ExportWorkerEvent[] = [];
    await hosts.worker({
      api: attached(genesysCloud({ envUrl: proxy.url, clientId, clientSecret })),
      readAhead: 1,
      maxOutage,
      random: () => 0,
      onEvent(event) {
        if (proxy.mode === 'refuse') {
          if (recovers(event, events)) proxy.mode = 'pass';
        } else if (!events.some(fails) && fails(event)) proxy.mode = 'refuse';
        events.push(event);
      },
    });
    const handle = await hosts.submit({ attempts });
    const error = await handle.finished({ pollInterval: 20 }).then(
      () => hosts.expectWhole(),
      (reason: BatchError) => reason,
    );
    const count = (type: string) => events.filter((event) => event.type === type).length;
    return { error, count };
  }

  const inPart1 = (event: ExportWorkerEvent) => event.type === 'progress' && event.part === 1;
  const afterPart0 = (event: ExportWorkerEvent) => event.type === 'finished' && event.part === 0;
  const isWaiting = (event: ExportWorkerEvent) =>
    event.type === 'progress' && event.progress.waiting !== undefined;
  const isRetrying = ({ type }: ExportWorkerEvent) => type === 'retrying';

  it('is waited for in the middle of a part, which does not fail', async () => {
    const { error, count } = await interrupted({ fails: inPart1, recovers: isWaiting });
    expect(error).toBeUndefined();
    expect([count('started'), count('retrying')]).toEqual([3, 0]);
  });

  it('is waited for at the start of a part, without counting attempts', async () => {
    const recovers = (event: ExportWorkerEvent, before: ExportWorkerEvent[]) =>
      isRetrying(event) && before.filter(isRetrying).length === 2;
    const { error, count } = await interrupted({ fails: afterPart0, recovers, attempts: 1 });
    expect(error).toBeUndefined();
    expect([count('retrying'), count('failed')]).toEqual([3, 0]);
  });

  it.each([
    ['in the middle of a part', inPart1],
    ['at the start of a part', afterPart0],
  ])('%s counts as a failed attempt with a maxOutage of 0', async (_, fails) => {
    const again = await interrupted({ fails, recovers: isRetrying, maxOutage: 0, attempts: 2 });
    expect(again.error).toBeUndefined();
    expect(again.count('retrying')).toBe(1);
    const { error } = await interrupted({ fails, recovers: () => false, maxOutage: 0, attempts: 1 });
    expect(error).toMatchObject({ code: 'ERR_REQUEST', permanent: false });
  });
});
