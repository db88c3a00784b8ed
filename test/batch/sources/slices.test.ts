import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  genesysConversations,
  offsetSource,
  type PageSource,
  type Slice,
  type SliceOptions,
  sliceSource,
} from '../../../src/batch/index.ts';
import { preparedPages } from '../../support/batch.ts';
import { exportAll, exportInRuns, startApi } from '../../support/exporting.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-10-01T00:00Z');
const clock = createManualClock(Date.parse('2026-11-15T12:00Z'));

/** Records of five days. The third day has none, and the last record of each day is also in the next day. */
const COUNTS = [7, 3, 0, 12, 5];
const recordsOf = (day: number) => [
  ...(COUNTS[day - 1] ? [{ id: `${day - 1}-${(COUNTS[day - 1] ?? 0) - 1}` }] : []),
  ...Array.from({ length: COUNTS[day] ?? 0 }, (_, n) => ({ id: `${day}-${n}` })),
];
const ALL = COUNTS.flatMap((count, day) => Array.from({ length: count }, (_, n) => `${day}-${n}`));

/** An API that filters by time. @param lie changes the body of a response. */
async function startCalls(
  lie: (day: number, body: { calls: unknown[]; total: number }) => unknown = () => {},
) {
  const { url, requests } = await startApi(({ query }) => {
    const day = (Date.parse(query.from ?? '') - START) / DAY;
    const records = recordsOf(day);
    const skip = Number(query.skip);
    const body = { calls: records.slice(skip, skip + Number(query.top)), total: records.length };
    return lie(day, body) || body;
  });
  return { url, requests, api: axios.create({ baseURL: url, proxy: false }) };
}

const callsOf = ({ start, end }: Slice) =>
  offsetSource({
    url: '/calls',
    items: 'calls',
    id: 'id',
    total: 'total',
    skipParameter: 'skip',
    sizeParameter: 'top',
    pageSize: 3,
    params: { from: start, to: end },
  });

const calls = (more: Partial<SliceOptions> = {}) =>
  sliceSource({ interval: '2026-10-01/2026-10-06', slice: 'P1D', source: callsOf, clock, ...more });

const idsOf = (records: readonly unknown[]) => records.map((record) => (record as { id: string }).id);
const idsIn = (lines: string) =>
  idsOf(
    lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );

/** Returns the slices of a source. */
async function slicesOf(options: Omit<SliceOptions, 'source' | 'clock'>): Promise<string[]> {
  const slices: string[] = [];
  const source = sliceSource({
    ...options,
    clock,
    source: ({ start, end, interval }) => ({
      name: 'noting',
      query: null,
      async *read() {
        expect(interval).toBe(`${start}/${end}`);
        slices.push(interval);
        yield { items: [] };
      },
    }),
  });
  await exportAll(source, 'http://localhost');
  return slices;
}

describe('sliceSource', () => {
  it('reads all slices in order and writes a record of two slices once', async () => {
    const { url, requests } = await startCalls();
    const { records, summary } = await exportAll(calls(), url);
    expect(idsOf(records)).toEqual(ALL);
    expect(summary).toMatchObject({ records: 27, repeated: 3, stated: 30, missing: 0, warnings: [] });
    const starts = [...new Set(requests.map(({ query }) => query.from?.slice(0, 10)))];
    expect(starts).toEqual(['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04', '2026-10-05']);
  });

  it('resumes after an interruption at each page', async () => {
    const { url, api, requests } = await startCalls();
    const { summary } = await exportAll(calls(), url, { readAhead: 0 });
    const direct = requests.length;
    for (let stop = 1; stop <= summary.pages + 2; stop++) {
      const readAhead = stop % 2 ? 0 : 4;
      requests.length = 0;
      const { text, summary: resumed } = await exportInRuns(calls(), api, [stop], { readAhead });
      expect(idsIn(text)).toEqual(ALL);
      expect(resumed).toMatchObject({ records: 27, stated: 30, missing: 0, warnings: [] });
      // No slice is read again.
      if (readAhead === 0) expect(requests.length).toBeLessThanOrEqual(direct + 2);
    }
    const { text } = await exportInRuns(calls(), api, Array(summary.pages + 5).fill(1));
    expect(idsIn(text)).toEqual(ALL);
  });

  it.each<[string, (day: number, body: { calls: unknown[]; total: number }) => unknown, string, string]>([
    [
      'states more records than it returns for a slice',
      (day, body) => day === 3 && { ...body, total: body.total + 1 },
      'ERR_TOTAL_MISMATCH',
      'stated 13 records',
    ],
    [
      'states more records than it returns for the first slice',
      (day, body) => day === 0 && { ...body, total: body.total + 1 },
      'ERR_TOTAL_MISMATCH',
      'stated 8 records',
    ],
    [
      'states more records than it returns for the last slice',
      (day, body) => day === 4 && { ...body, total: body.total + 1 },
      'ERR_TOTAL_MISMATCH',
      'stated 7 records',
    ],
    [
      'returns the first page of a slice for ever',
      (day, body) => day === 3 && { ...body, calls: recordsOf(3).slice(0, 3) },
      'ERR_PAGE_LOOP',
      'returned the first page again',
    ],
  ])('fails if the API %s', async (_, lie, code, message) => {
    const { url, api } = await startCalls(lie);
    await expect(exportAll(calls(), url)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    await expect(exportInRuns(calls(), api, [1, 1, 1, 1])).rejects.toMatchObject({ code });
  });

  it('does not replace missing records of a slice by additional records of another one', async () => {
    const { url } = await startCalls((day, body) => {
      if (day === 0) return { ...body, total: body.total - 1 };
      return day === 1 && { ...body, total: body.total + 1 };
    });
    await expect(exportAll(calls(), url)).rejects.toMatchObject({ code: 'ERR_TOTAL_MISMATCH' });
  });

  it('writes nothing twice if the API ignores the time filter', async () => {
    const { url } = await startCalls((_, body) => ({ ...body, calls: recordsOf(0).slice(0, 3), total: 3 }));
    const { records } = await exportAll(calls(), url);
    expect(records).toHaveLength(3);
  });

  it('warns that the API returned no records if all slices are empty', async () => {
    const { url } = await startCalls(() => ({ calls: [], total: 0 }));
    const { summary } = await exportAll(calls(), url);
    expect(summary).toMatchObject({ records: 0, warnings: [expect.stringContaining('no records')] });
  });

  it.each<[string, Omit<SliceOptions, 'source' | 'clock'>, string[]]>([
    [
      'calendar days of a time zone',
      { interval: '2026-10-24/2026-10-27', slice: 'P1D', timeZone: 'Europe/Berlin' },
      [
        '2026-10-23T22:00:00.000Z/2026-10-24T22:00:00.000Z',
        '2026-10-24T22:00:00.000Z/2026-10-25T23:00:00.000Z',
        '2026-10-25T23:00:00.000Z/2026-10-26T23:00:00.000Z',
      ],
    ],
    [
      'days of which one has no midnight',
      { interval: '2018-11-04/2018-11-06', slice: 'P1D', timeZone: 'America/Sao_Paulo' },
      [
        '2018-11-04T03:00:00.000Z/2018-11-05T02:00:00.000Z',
        '2018-11-05T02:00:00.000Z/2018-11-06T02:00:00.000Z',
      ],
    ],
    [
      'days of which one does not exist',
      { interval: '2011-12-29/2012-01-01', slice: 'P1D', timeZone: 'Pacific/Apia' },
      [
        '2011-12-29T10:00:00.000Z/2011-12-30T10:00:00.000Z',
        '2011-12-30T10:00:00.000Z/2011-12-31T10:00:00.000Z',
      ],
    ],
    [
      'hours with a shorter last slice',
      { interval: '2026-10-01T08:30Z/2026-10-01T19:00Z', slice: 'PT6H' },
      [
        '2026-10-01T08:30:00.000Z/2026-10-01T14:30:00.000Z',
        '2026-10-01T14:30:00.000Z/2026-10-01T19:00:00.000Z',
      ],
    ],
    [
      'months from the end of a month',
      { interval: '2026-01-31/2026-05-01', slice: 'P1M' },
      [
        '2026-01-31T00:00:00.000Z/2026-02-28T00:00:00.000Z',
        '2026-02-28T00:00:00.000Z/2026-03-31T00:00:00.000Z',
        '2026-03-31T00:00:00.000Z/2026-04-30T00:00:00.000Z',
        '2026-04-30T00:00:00.000Z/2026-05-01T00:00:00.000Z',
      ],
    ],
    [
      'one slice that is longer than the interval',
      { interval: 'yesterday', slice: 'P9000Y' },
      ['2026-11-14T00:00:00.000Z/2026-11-15T00:00:00.000Z'],
    ],
  ])('cuts %s', async (_, options, slices) => {
    expect(await slicesOf(options)).toEqual(slices);
  });

  it('keeps the windows of the source of a slice', async () => {
    const inner = (name: string): PageSource<{ id: string }> =>
      preparedPages(
        [
          { items: [{ id: `${name}1` }], window: 'a', stated: 1 },
          { items: [], end: { label: 'a' } },
          { items: [], window: 'b', stated: 1 },
          { items: [], end: { label: 'b of the slice', tolerance: name.startsWith('2026-10-02') ? 0 : 1 } },
        ],
        { identify: ({ id }) => id },
      );
    const source = sliceSource({
      interval: '2026-10-01/2026-10-03',
      slice: 'P1D',
      clock,
      source: ({ start }) => inner(start),
    });
    await expect(exportAll(source, 'http://localhost')).rejects.toMatchObject({
      code: 'ERR_TOTAL_MISMATCH',
      message: expect.stringContaining('b of the slice stated 1 record, but returned 0'),
    });
  });

  it('identifies an export by interval, slice, time zone and the query of the first source', () => {
    expect(calls().query).toEqual({
      interval: '2026-10-01T00:00:00.000Z/2026-10-06T00:00:00.000Z',
      slice: 'P1D',
      timeZone: 'UTC',
      source: callsOf({
        start: '2026-10-01T00:00:00.000Z',
        end: '2026-10-02T00:00:00.000Z',
        interval: '',
      }).query,
    });
    const conversations = sliceSource({
      interval: '2026-10',
      slice: 'P1W',
      clock,
      source: ({ interval }) => genesysConversations({ interval, clock }),
    });
    expect(conversations.name).toBe('genesys-conversations');
    expect(conversations.identify?.({ conversationId: 'c' } as never)).toBe('c');
  });

  it.each([
    'text',
    {},
    { slice: 5 },
    { slice: -1 },
    { slice: 0.5 },
    { slice: '0' },
    { slice: 0, other: 1 },
    { slice: 1, inner: 'other' },
  ])('refuses the cursor %j of a damaged checkpoint before the first request', async (from) => {
    const { url, requests } = await startCalls();
    const source = calls();
    const damaged = {
      ...source,
      read: (context: never) => source.read({ ...(context as object), from } as never),
    };
    await expect(exportAll(damaged, url)).rejects.toMatchObject({ code: 'ERR_CHECKPOINT_DAMAGED' });
    expect(requests).toEqual([]);
  });

  it.each<[object, string]>([
    [{ interval: undefined }, 'interval must be set'],
    [{ interval: 'yesterdy' }, 'sliceSource: interval must be two dates'],
    [{ interval: '2026-11' }, 'sliceSource: interval (2026-11) ends in the future'],
    [{ slice: '1 day' }, 'slice must be an ISO 8601 duration of at least PT1S, such as P1D, not "1 day"'],
    [{ slice: 'PT0.5S' }, 'not "PT0.5S"'],
    [{ slice: undefined }, 'slice must be an ISO 8601 duration'],
    [{ timeZone: 'Europe/Berln' }, 'sliceSource: timeZone must be an IANA name'],
    [{ source: undefined }, 'source must be a function'],
    [{ source: () => undefined }, 'source must return a source'],
    [{ source: () => ({ ...preparedPages([]), isOutside: () => false }) }, 'must not have isOutside'],
    [{ slices: 'P1D' }, 'unknown option slices; did you mean slice?'],
  ])('refuses %j', (more, problem) => {
    expect(() => calls(more)).toThrow(problem);
    expect(() => calls(more)).toThrow(expect.objectContaining({ name: 'ConfigurationError' }));
  });
});
