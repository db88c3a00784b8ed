import { describe, expect, it } from 'vitest';
import type { ConversationDetail, VendorSimulator } from '../../src/testing/index.ts';
import { client, QUERY, start } from './support.ts';

const ids = (records: Iterable<ConversationDetail>) => [...records].map((record) => record.conversationId);

async function readPages(sim: VendorSimulator, query: object, pageSize: number): Promise<string[]> {
  const api = client(sim);
  const found: string[] = [];
  for (let pageNumber = 1; ; pageNumber++) {
    const { data, status } = await api.post(QUERY, { ...query, paging: { pageSize, pageNumber } });
    expect(status).toBe(200);
    if (data.conversations === undefined) {
      expect(data).toEqual({});
      return found;
    }
    found.push(...ids(data.conversations));
  }
}

describe('the details query', () => {
  it.each([1, 7, 25, 100])('returns every record once and in order in pages of %i', async (pageSize) => {
    const sim = await start({ records: 203 });
    const all = ids(sim.records());
    expect(new Set(all).size).toBe(203);
    expect(await readPages(sim, { interval: sim.interval }, pageSize)).toEqual(all);
    expect(sim.counts.recordsServed).toBe(203);
  });

  it('supports descending order, and returns the expected records and total', async () => {
    const sim = await start({ records: 55 });
    const query = { interval: sim.interval, order: 'desc', orderBy: 'conversationStart' };
    expect(await readPages(sim, query, 10)).toEqual(ids(sim.records()).reverse());
    const { data } = await client(sim).post(QUERY, { interval: sim.interval });
    expect(data.totalHits).toBe(55);
    expect(data.conversations).toEqual(Array.from({ length: 25 }, (_, n) => sim.record(n)));
  });

  it("returns nextPage URLs for the tutorial's form until the last page", async () => {
    const sim = await start({ records: 130 });
    const api = client(sim);
    const found: string[] = [];
    const body = {
      dateFrom: '2023-10-01T00:00:00.000Z',
      dateTo: '2023-10-08T00:00:00.000Z',
      size: 50,
      query: 'type:voice',
    };
    let { data } = await api.post(QUERY, body);
    let pages = 1;
    for (; data.nextPage; pages++) {
      found.push(...ids(data.results));
      expect(data.nextPage.startsWith(`${sim.url}/`)).toBe(true);
      ({ data } = await api.get(data.nextPage));
    }
    found.push(...ids(data.results));
    expect(pages).toBe(3);
    expect(found).toEqual(ids(sim.records()));
    expect((await api.get(`${QUERY}?cursor=nonsense`)).status).toBe(400);
    expect((await api.post(QUERY, { ...body, dateFrom: body.dateTo })).status).toBe(400);
  });

  it("returns one day for the tutorial's query, and nothing beyond the data", async () => {
    const sim = await start({ records: 700 });
    const day = await client(sim).post(QUERY, {
      dateFrom: '2023-10-01T00:00:00.000Z',
      dateTo: '2023-10-02T00:00:00.000Z',
      size: 100,
    });
    expect(ids(day.data.results)).toEqual(ids(sim.records()).slice(0, 100));
    expect(day.data.nextPage).toBeUndefined();
    const later = await client(sim).post(QUERY, { dateFrom: '2024-01-01', dateTo: '2024-01-02' });
    expect(later.data).toEqual({ results: [] });
  });

  /** Returns the IDs of the records in an interval, by checking every record. */
  function expected(
    sim: VendorSimulator,
    interval: string,
    started: (start: number, from: number, to: number) => boolean,
    active: boolean,
  ) {
    const [from = 0, to = 0] = interval.split('/').map((text) => Date.parse(text));
    return ids(
      [...sim.records()].filter((record) => {
        const start = Date.parse(record.conversationStart);
        const end = Date.parse(String(record.conversationEnd));
        return started(start, from, to) && (!active || (start < to && end > from));
      }),
    );
  }

  const DAY = 86_400_000;
  const sameDay = (start: number, from: number, to: number) =>
    start >= Math.floor(from / DAY) * DAY && start < Math.ceil(to / DAY) * DAY;

  it.each([
    '2023-10-03T09:00:00.000Z/2023-10-03T10:00:00.000Z',
    '2023-10-03T00:00:00.000Z/2023-10-03T00:10:00.000Z',
    '2023-10-03T23:50:00Z/2023-10-04T00:10:00Z',
    '2023-09-30T00:00:00Z/2023-10-01T00:00:01Z',
    '2023-10-07T23:50:00+00:00/2023-10-09T00:00:00Z',
  ])('filters by interval %s according to intervalMatching', async (interval) => {
    const inside = (start: number, from: number, to: number) => start >= from && start < to;
    for (const [intervalMatching, rule, active] of [
      ['activity', sameDay, true],
      ['day', sameDay, false],
      ['start', inside, false],
    ] as const) {
      const sim = await start({ records: 3000, intervalMatching });
      const truth = expected(sim, interval, rule, active);
      expect(truth.length).toBeGreaterThan(0);
      expect(await readPages(sim, { interval }, 100)).toEqual(truth);
    }
  });

  it.each([
    ['no interval', {}],
    ['an interval that is not a string', { interval: 5 }],
    ['a reversed interval', { interval: '2023-10-02/2023-10-01' }],
    ['half an interval', { interval: '2023-10-02' }],
    ['an interval of eight days', { interval: '2023-10-01/2023-10-09' }],
    ['a page of 101', { interval: '2023-10-01/2023-10-02', paging: { pageSize: 101, pageNumber: 1 } }],
    ['page 0', { interval: '2023-10-01/2023-10-02', paging: { pageSize: 10, pageNumber: 0 } }],
    ['an unknown order', { interval: '2023-10-01/2023-10-02', order: 'up' }],
  ])('rejects %s', async (_name, body) => {
    const sim = await start();
    const { status, data } = await client(sim).post(QUERY, body);
    expect(status).toBe(400);
    expect(data).toMatchObject({ code: 'bad.request', status: 400, details: [], errors: [] });
    expect((await client(sim).post(QUERY, '[1]')).status).toBe(400);
  });

  it('rejects pages beyond exactly 100,000 results', async () => {
    const sim = await start({ records: 200_000 });
    const page = (pageNumber: number) =>
      client(sim).post(QUERY, { interval: sim.interval, paging: { pageSize: 100, pageNumber } });
    const last = await page(1000);
    expect(last.data.conversations.at(-1)).toEqual(sim.record(99_999));
    expect(last.data.totalHits).toBe(200_000);
    const beyond = await page(1001);
    expect([beyond.status, beyond.data.message]).toEqual([400, 'Pagination may not exceed 100000 results.']);
  });

  it('answers an unknown path with 404 and a wrong method with 405', async () => {
    const sim = await start();
    expect((await client(sim).get('/api/v2/nothing')).data.code).toBe('not.found');
    expect((await client(sim).put(QUERY, {})).status).toBe(405);
  });
});
