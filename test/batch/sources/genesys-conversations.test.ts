import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type GenesysConversationsOptions,
  genesysConversations,
  type Json,
  pageNumberSource,
  type SourceContext,
} from '../../../src/batch/index.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { SimulatorOptions, VendorSimulator } from '../../../src/testing/index.ts';
import { failure } from '../../support/batch.ts';
import { exportAll, exportInRuns, startApi } from '../../support/exporting.ts';
import { delay, startFixture } from '../../support/fixture.ts';
import { sendJson } from '../../support/server.ts';
import { startSimulator } from '../../support/simulated.ts';

const DAY = 86_400_000;
const MONTH = '2023-10-01T00:00:00.000Z/2023-10-31T00:00:00.000Z';
const PATH = '/api/v2/analytics/conversations/details/query';
const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** An instance with a token of its own. */
function apiOf(simulator: VendorSimulator) {
  const headers = { Authorization: `Bearer ${simulator.issueToken()}` };
  return axios.create({ baseURL: simulator.url, headers, proxy: false });
}

async function setUp(options: SimulatorOptions) {
  const simulator = await startSimulator(options);
  return { simulator, api: apiOf(simulator) };
}

const bounds = (interval: string) => interval.split('/').map((text) => Date.parse(text)) as [number, number];

/** What one query without limits would give. */
function truth(simulator: VendorSimulator, interval: string, matching: 'activity' | 'day' | 'start') {
  const [start, end] = bounds(interval);
  const midnight = Math.floor(start / DAY) * DAY;
  return [...simulator.records()].filter(({ conversationStart, conversationEnd }) => {
    const from = Date.parse(conversationStart);
    if (matching === 'day') return from >= midnight && from < Math.ceil(end / DAY) * DAY;
    if (matching === 'start') return from >= start && from < end;
    return from >= midnight && from < end && Date.parse(String(conversationEnd)) > start;
  });
}

describe('windows', () => {
  test('of at most 7 days cover 30 days, in order', async () => {
    const { simulator, api } = await setUp({ records: 950, interval: MONTH });
    const { records, summary } = await exportAll(genesysConversations({ interval: MONTH }), '', { api });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    // Windows that end on a midnight repeat nothing.
    expect(summary.repeated).toBe(0);
    expect(summary.total).toBe(950);
  });

  test('become shorter where they hold too many records, and longer again', async () => {
    const { simulator, api } = await setUp({ records: 5000, maxResults: 300, intervalMatching: 'start' });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 300 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    expect(summary.repeated).toBe(0);
    // 17 windows would be the least; each costs its pages, its end, and now and then a page that showed too many.
    expect(summary.requests).toBeLessThan(50 + 3 * 40);
  });

  test('the same where adjacent ones repeat records', async () => {
    const { simulator, api } = await setUp({ records: 5000, maxResults: 300 });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 300 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    expect(summary.repeated).toBeGreaterThan(0);
  });

  test('that the API caps lower than it says are read on from their last record', async () => {
    for (const intervalMatching of ['activity', 'start'] as const) {
      const { simulator, api } = await setUp({ records: 3000, maxResults: 300, intervalMatching });
      // The source expects 100,000, and learns of 300 by the API's 400.
      const source = genesysConversations({ interval: simulator.interval });
      const { text } = await exportInRuns(source, api, [2, 3]);
      expect(text).toBe(lines([...simulator.records()]));
    }
  });

  test('with exactly as many records as can be had lose nothing', async () => {
    const { simulator, api } = await setUp({ records: 300, maxResults: 300 });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 300 });
    const { records } = await exportAll(source, '', { api });
    expect(records).toHaveLength(300);
    const odd = genesysConversations({ interval: simulator.interval, maxResults: 300, pageSize: 70 });
    expect((await exportAll(odd, '', { api })).records).toHaveLength(300);
  });

  test('grow again by doubling after a tiny one', async () => {
    const { simulator, api } = await setUp({ records: 420, maxResults: 100, intervalMatching: 'day' });
    const interval = '2023-10-01T23:59:59.999Z/2023-10-05T00:00:00.000Z';
    const source = genesysConversations({ interval, maxResults: 100, pageSize: 50 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(lines(records)).toBe(lines(truth(simulator, interval, 'day')));
    expect(summary.requests).toBeLessThan(200);
  });

  test('without a limit of their length go on after a cut', async () => {
    const { simulator, api } = await setUp({ records: 700, intervalMatching: 'start', maxResults: 200 });
    const { interval } = simulator;
    const source = genesysConversations({ interval, maxInterval: Number.POSITIVE_INFINITY, maxResults: 200 });
    const { text } = await exportInRuns(source, api, [1, 2, 1]);
    expect(text).toBe(lines([...simulator.records()]));
  });

  test('of which not even one page can be had are the error of the API', async () => {
    const { simulator, api } = await setUp({ records: 700, maxResults: 50 });
    const run = exportAll(genesysConversations({ interval: simulator.interval }), '', { api });
    expect((await failure(run, 'ERR_REQUEST')).message).toContain('Pagination may not exceed 50 results');
  });

  test('that cannot become short enough end with an error that points to the jobs', async () => {
    const { simulator, api } = await setUp({ records: 5000, maxResults: 300, intervalMatching: 'day' });
    for (const more of [{ maxResults: 300 }, {}]) {
      const source = genesysConversations({ interval: simulator.interval, ...more });
      const error = await failure(exportAll(source, '', { api }), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain('genesys-conversation-jobs');
    }
    expect(simulator.counts.apiRequests).toBeLessThan(100);
  });

  test('a longer interval than the API takes is its error, in words', async () => {
    const { simulator, api } = await setUp({ records: 10, maxInterval: DAY });
    const source = genesysConversations({ interval: simulator.interval });
    const error = await failure(exportAll(source, '', { api }), 'ERR_REQUEST');
    expect(error.message).toContain('The interval may not exceed 1 days.');
    const shorter = genesysConversations({ interval: simulator.interval, maxInterval: DAY });
    expect((await exportAll(shorter, '', { api })).records).toHaveLength(10);
  });
});

test('every record comes once, in order, whatever the windows, the matching, the interval and the cuts', async () => {
  const matchings = ['activity', 'day', 'start'] as const;
  const simulators = await Promise.all(
    matchings.map((intervalMatching) =>
      setUp({
        records: 700,
        interval: '2023-10-01T00:00Z/2023-10-13T00:00Z',
        intervalMatching,
        maxResults: 150,
      }),
    ),
  );
  const [first] = bounds(simulators[0]?.simulator.interval ?? '');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1, 2),
      fc.integer({ min: -DAY, max: 12 * DAY }),
      fc.integer({ min: 1, max: 13 * DAY }),
      fc.integer({ min: 5, max: 100 }),
      fc.constantFrom(DAY / 5, DAY, 3 * DAY, 7 * DAY),
      fc.constantFrom(100, 150, 100_000),
      fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 }),
      fc.nat(4),
      async (which, offset, length, pageSize, maxInterval, maxResults, stops, readAhead) => {
        const matching = matchings[which] ?? 'activity';
        // A day has 59 records, and by day they cannot be had in parts. What began behind the interval comes by chance.
        const cap = Math.floor(maxResults / pageSize) * pageSize;
        fc.pre(matching !== 'day' || (cap > 59 && cap <= 150));
        const { simulator, api } = simulators[which] ?? (await setUp({}));
        const [start, end] = [first + offset, first + offset + length];
        const interval = `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
        const source = genesysConversations({ interval, pageSize, maxInterval, maxResults });
        const { text, summary } = await exportInRuns(source, api, stops, { readAhead });
        const expected = truth(simulator, interval, matching);
        expect(text).toBe(lines(expected));
        expect(summary.records).toBe(expected.length);
      },
    ),
    { numRuns: 60 },
  );
});

describe('the end', () => {
  test('that the API does not let be asked for is where all came that it announced', async () => {
    const { simulator, api } = await setUp({ records: 40, maxResults: 60 });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 60, pageSize: 50 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(records).toHaveLength(40);
    expect(summary.requests).toBe(1);
  });

  /** Answers pages of prepared conversations; `more` are the other members of an answer. */
  const pages = (counts: readonly number[], more: (page: number) => object = () => ({})) =>
    startApi(({ body }) => {
      const { pageNumber } = (body as { paging: { pageNumber: number } }).paging;
      const count = counts[pageNumber - 1];
      if (count === undefined) return more(pageNumber);
      return { conversations: conversations((pageNumber - 1) * 100, count), ...more(pageNumber) };
    });
  const day = { interval: '2023-10-01/2023-10-02' };

  test.each([
    ['nothing at all', {}],
    ['an empty list', { conversations: [], totalHits: 130 }],
    ['aggregations alone', { aggregations: [], totalHits: 130 }],
  ])('is an answer with %s', async (_, end) => {
    const { url } = await pages([100, 30], (page) => (page > 2 ? end : { totalHits: 130 }));
    expect((await exportAll(genesysConversations(day), url)).records).toHaveLength(130);
  });

  test('is not a short page, and not where totalHits is reached', async () => {
    const { url } = await pages([60, 100, 30], (page) => (page > 3 ? {} : { totalHits: 50 }));
    expect((await exportAll(genesysConversations(day), url)).records).toHaveLength(190);
  });

  test.each([
    ['HTML', '<html>', 'with HTML or XML'],
    ['the body of an error', '{"message":"oops","code":"x"}', 'it has no conversations, but message, code'],
    ['the form of the tutorial', '{"results":[],"nextPage":null}', 'genesysConversationsTutorial reads that'],
    ['a record without an id', '{"conversations":[{}]}', 'a record without a conversationId'],
    ['no list', '{"conversations":"many"}', 'its conversations is a text'],
  ])('is not %s', async (_, text, message) => {
    const { url } = await startApi((__, response) => void response.end(text));
    const error = await failure(exportAll(genesysConversations(day), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain(message);
  });

  test('before totalHits is an error, of more than the tolerance', async () => {
    const { url } = await pages([100, 87], (page) => (page > 2 ? {} : { totalHits: 190 }));
    const error = await failure(exportAll(genesysConversations(day), url), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain(
      '2023-10-01T00:00:00.000Z/2023-10-02T00:00:00.000Z said that there are 190',
    );
    expect(error.message).toContain('ended after 187: 3 are missing');
    const accepted = genesysConversations({ ...day, totalTolerance: 0.0158 });
    expect((await exportAll(accepted, url)).records).toHaveLength(187);
    // It is an estimate: 1 of 188 is not told.
    const near = await pages([100, 87], (page) => (page > 2 ? {} : { totalHits: 188 }));
    expect((await exportAll(genesysConversations(day), near.url)).records).toHaveLength(187);
  });

  test('counts what came before a resume', async () => {
    const { url } = await pages([100, 100, 10], (page) => (page > 3 ? {} : { totalHits: 300 }));
    const run = exportInRuns(genesysConversations(day), axios.create({ baseURL: url }), [1, 1]);
    expect((await failure(run, 'ERR_TOTAL_MISMATCH')).message).toContain('ended after 210: 90 are missing');
  });
});

function conversations(from: number, count: number) {
  return Array.from({ length: count }, (_, n) => ({
    conversationId: `c${from + n}`,
    conversationStart: new Date(Date.parse('2023-10-01') + (from + n) * 1000).toISOString(),
  }));
}

describe('requests', () => {
  test('have the real form, and further members of the query', async () => {
    const { url, asked } = await startApi(() => ({}));
    const conversationFilters = [{ type: 'or', predicates: [{ dimension: 'mediaType', value: 'voice' }] }];
    const options = {
      interval: '2023-10-01T02:00+02:00/2023-10-02',
      query: { conversationFilters },
      pageSize: 25,
    };
    await exportAll(genesysConversations(options), url);
    expect(asked.map(({ method, path }) => [method, path])).toEqual([['POST', PATH]]);
    expect(asked[0]?.body).toEqual({
      conversationFilters,
      interval: '2023-10-01T00:00:00.000Z/2023-10-02T00:00:00.000Z',
      order: 'asc',
      orderBy: 'conversationStart',
      paging: { pageSize: 25, pageNumber: 1 },
    });
  });

  test('go several at a time, as many as allowed, and the API sees no more pages than consumed and those', async () => {
    const { simulator, api } = await setUp({ records: 4000, pageDelay: 10 });
    const source = genesysConversations({ interval: simulator.interval });
    const beyond: number[] = [];
    const slow = {
      ...source,
      async *read(context: SourceContext) {
        let consumed = 0;
        for await (const page of source.read(context)) {
          consumed++;
          yield page;
          if (consumed > 10) continue;
          await delay(15);
          beyond.push(simulator.counts.apiRequests - consumed);
        }
      },
    };
    const { records } = await exportAll(slow, '', { api, readAhead: 5 });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    expect(Math.max(...beyond)).toBeLessThanOrEqual(5);
    expect(simulator.counts.maxConcurrent).toBe(5);
    expect(simulator.counts.apiRequests).toBe(41);
  });

  test('are retried after 503 although they are POSTs, also where the vendor does not say that they only read', async () => {
    const fixture = await startFixture();
    let asked = 0;
    fixture.onApi = (_, response) => sendJson(response, ++asked === 1 ? 503 : 200, {});
    const { api } = fixture.attach({ retry: { baseDelay: 5 } });
    const source = genesysConversations({ interval: '2023-10-01/2023-10-02' });
    const { summary } = await exportAll(source, fixture.url, { api });
    expect(summary.retries).toBe(1);
    const post = { url: '/q', method: 'post', items: '' } as const;
    fixture.onApi = (_, response) => sendJson(response, ++asked === 3 ? 503 : 200, []);
    expect((await exportAll(pageNumberSource(post), fixture.url, { api })).summary.retries).toBe(1);
  });
});

test('progress: the total is reckoned from the windows so far, and exact in the last one', async () => {
  const { api } = await setUp({ records: 3000, interval: MONTH, intervalMatching: 'start' });
  const totals: (number | undefined)[] = [];
  const onProgress = ({ total }: { total?: number | undefined }) => void totals.push(total);
  await exportAll(genesysConversations({ interval: MONTH }), '', { api, onProgress });
  expect(totals).toHaveLength(30);
  for (const total of totals) expect(total).toBe(3000);
});

test('a cursor leads on in the middle of a window, with other limits too', async () => {
  const { simulator, api } = await setUp({ records: 1000, interval: MONTH });
  const request = <T>(config: object) => api.request<T>(config);
  const read = async (from: Json | undefined, count: number, more: Partial<GenesysConversationsOptions>) => {
    const source = genesysConversations({ interval: MONTH, pageSize: 50, ...more });
    const context = { from, readAhead: 2, signal: new AbortController().signal, clock: systemClock, request };
    const items: unknown[] = [];
    let next: Json | undefined;
    for await (const page of source.read({ ...context, random: Math.random })) {
      items.push(...page.items);
      next = page.next;
      if (--count === 0) break;
    }
    return { items, next: next === undefined ? undefined : (JSON.parse(JSON.stringify(next)) as Json) };
  };
  const first = await read(undefined, 3, {});
  const second = await read(first.next, 4, { maxInterval: DAY });
  const third = await read(second.next, 0, { maxResults: 100 });
  const ids = [...first.items, ...second.items, ...third.items].map(
    (item) => (item as { conversationId: string }).conversationId,
  );
  expect([...new Set(ids)]).toEqual([...simulator.records()].map(({ conversationId }) => conversationId));
});

describe('wrong options', () => {
  const create = (options: unknown) => () => genesysConversations(options as GenesysConversationsOptions);

  test.each([
    ['2023-10-02/2023-10-01', /must be after/],
    ['2023-10-01/2023-10-01', /must be after/],
    ['2023-10-01', /two dates/],
    ['yesterday/today', /ISO 8601/],
    ['2023-10-01/2999-01-01', /in the future/],
    [undefined, /must be a text/],
  ])('interval %s', (interval, message) => {
    expect(create({ interval })).toThrow(message);
  });

  test('are all named at once', () => {
    const options = {
      interval: '',
      query: { paging: {}, order: 'desc' },
      pageSize: 0,
      totalTolerance: 7,
      maxResults: -1,
    };
    expect(create(options)).toThrow(
      /interval must.*query\.order is set.*query\.paging is set.*pageSize must.*maxResults must.*totalTolerance must/,
    );
  });

  test('what does not decide which records come can be changed on the way', () => {
    const interval = '2023-10-01/2023-10-02';
    const query = (more: object) => genesysConversations({ interval, ...more }).query;
    expect(query({ maxInterval: DAY, maxResults: 500, totalTolerance: 0.5 })).toEqual(query({}));
    expect(query({ interval: '2023-10-01T02:00+02:00/2023-10-02T00:00Z' })).toEqual(query({}));
    for (const more of [
      { pageSize: 50 },
      { query: { segmentFilters: [] } },
      { interval: '2023-10-01/2023-10-03' },
    ]) {
      expect(query(more)).not.toEqual(query({}));
    }
  });
});
