import { describe, expect, it } from 'vitest';
import type { ConversationDetail, VendorSimulator } from '../../src/testing/index.ts';
import { client, JOBS, start } from './support.ts';

async function finished(sim: VendorSimulator, query: object) {
  const api = client(sim);
  const { data, status } = await api.post(JOBS, query);
  expect(status).toBe(202);
  const url = `${JOBS}/${data.jobId}`;
  for (let poll = 0; (await api.get(url)).status === 202; poll++) expect(poll).toBeLessThan(10);
  return { api, url };
}

async function readAll(sim: VendorSimulator, query: object, pageSize: number): Promise<ConversationDetail[]> {
  const { api, url } = await finished(sim, query);
  const found: ConversationDetail[] = [];
  for (let cursor: string | undefined; ; ) {
    const { data } = await api.get(`${url}/results`, { params: { cursor, pageSize } });
    found.push(...data.conversations);
    cursor = data.cursor;
    if (cursor === undefined) return found;
  }
}

describe('details jobs', () => {
  it('passes through the states and then returns every record once', async () => {
    const sim = await start({ records: 95 });
    const api = client(sim);
    const { data } = await api.post(JOBS, { interval: sim.interval });
    const states: unknown[] = [];
    for (let poll = 0; poll < 4; poll++) {
      const status = await api.get(`${JOBS}/${data.jobId}`);
      states.push([status.status, status.data.state]);
    }
    expect(states).toEqual([
      [202, 'QUEUED'],
      [202, 'PENDING'],
      [200, 'FULFILLED'],
      [200, 'FULFILLED'],
    ]);
    for (const pageSize of [1, 10, 95, 1000]) {
      expect(await readAll(sim, { interval: sim.interval }, pageSize)).toEqual([...sim.records()]);
    }
  });

  it('returns records that overlap the interval, so that adjacent intervals repeat records without startOfDayIntervalMatching', async () => {
    const sim = await start({ records: 20_000 });
    const truth = (from: string, to: string) =>
      [...sim.records()].filter((r) => r.conversationStart < to && String(r.conversationEnd) > from);
    const [a, b, c] = [
      '2023-10-02T00:00:00.000Z',
      '2023-10-03T00:00:00.000Z',
      '2023-10-04T00:00:00.000Z',
    ] as const;
    const first = await readAll(sim, { interval: `${a}/${b}` }, 5000);
    const second = await readAll(sim, { interval: `${b}/${c}` }, 5000);
    expect(first).toEqual(truth(a, b));
    expect(second).toEqual(truth(b, c));
    const repeated = new Set(first.map((r) => r.conversationId));
    expect(second.filter((r) => repeated.has(r.conversationId)).length).toBeGreaterThan(0);
    const matched = await readAll(sim, { interval: `${b}/${c}`, startOfDayIntervalMatching: true }, 5000);
    expect(matched.filter((r) => repeated.has(r.conversationId))).toEqual([]);
  });

  it('returns no data beyond the availability date', async () => {
    const availability = '2023-10-05T00:00:00.000Z';
    const sim = await start({ records: 700, jobs: { availability } });
    expect((await client(sim).get(`${JOBS}/availability`)).data).toEqual({
      dataAvailabilityDate: availability,
    });
    expect(await readAll(sim, { interval: sim.interval }, 1000)).toHaveLength(400);
  });

  it('expires by the clock and on command, and can be canceled', async () => {
    let now = 1_700_000_000_000;
    const sim = await start({ jobs: { polls: 0, lifetime: 1000 }, clock: { now: () => now } });
    const { api, url } = await finished(sim, { interval: sim.interval });
    expect((await api.get(`${url}/results`)).status).toBe(200);
    now += 1000;
    expect((await api.get(url)).data.state).toBe('EXPIRED');
    expect((await api.get(`${url}/results`)).status).toBe(404);

    const other = await finished(sim, { interval: sim.interval });
    sim.expireJobs();
    expect((await api.get(other.url)).data.state).toBe('EXPIRED');

    const third = await finished(sim, { interval: sim.interval });
    expect((await api.delete(third.url)).status).toBe(204);
    expect((await api.get(third.url)).data.state).toBe('CANCELLED');
  });

  it('ends in the state that `outcome` returns', async () => {
    const sim = await start({ jobs: { outcome: (n) => (n === 1 ? 'FAILED' : 'FULFILLED') } });
    const { api, url } = await finished(sim, { interval: sim.interval });
    expect((await api.get(url)).data).toMatchObject({ state: 'FAILED', errorMessage: expect.any(String) });
    expect((await api.get(`${url}/results`)).status).toBe(400);
    const second = await finished(sim, { interval: sim.interval });
    expect((await api.get(second.url)).data.state).toBe('FULFILLED');
  });

  it('rejects early requests for results, cursors of other jobs, and unknown jobs', async () => {
    const sim = await start();
    const api = client(sim);
    const { data } = await api.post(JOBS, { interval: sim.interval });
    expect((await api.get(`${JOBS}/${data.jobId}/results`)).status).toBe(400);
    const one = await finished(sim, { interval: sim.interval });
    const two = await finished(sim, { interval: sim.interval });
    const page = await one.api.get(`${one.url}/results?pageSize=10`);
    expect((await two.api.get(`${two.url}/results`, { params: { cursor: page.data.cursor } })).status).toBe(
      400,
    );
    expect((await api.get(`${JOBS}/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
    expect((await api.post(JOBS, {})).status).toBe(400);
  });
});
