import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
import { meetingOf } from '../../support/meeting.ts';
import { sendJson } from '../../support/server.ts';
import { startSimulator } from '../../support/simulated.ts';

const DAY = 86_400_000;
const MONTH = '2023-10-01T00:00:00.000Z/2023-10-31T00:00:00.000Z';
const PATH = '/api/v2/analytics/conversations/details/query';
const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Returns an instance with its own token. */
function apiOf(simulator: VendorSimulator) {
  const headers = { Authorization: `Bearer ${simulator.issueToken()}` };
  return axios.create({ baseURL: simulator.url, headers, proxy: false });
}

async function setUp(options: SimulatorOptions) {
  const simulator = await startSimulator(options);
  return { simulator, api: apiOf(simulator) };
}

const bounds = (interval: string) => interval.split('/').map((text) => Date.parse(text)) as [number, number];

/** Returns the records of one query without limits. */
function expectedRecords(
  simulator: VendorSimulator,
  interval: string,
  matching: 'activity' | 'day' | 'start',
) {
  const [start, end] = bounds(interval);
  const midnight = Math.floor(start / DAY) * DAY;
  return [...simulator.records()].filter(({ conversationStart, conversationEnd }) => {
    const from = Date.parse(conversationStart);
    if (matching === 'day') return from >= midnight && from < Math.ceil(end / DAY) * DAY;
    if (matching === 'start') return from >= start && from < end;
    return from >= midnight && from < end && Date.parse(String(conversationEnd)) > start;
  });
}

describe('genesysConversations', () => {
  it('splits 30 days into windows of at most 7 days, and keeps the order', async () => {
    const { simulator, api } = await setUp({ records: 950, interval: MONTH });
    const { records, summary } = await exportAll(genesysConversations({ interval: MONTH }), '', { api });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    // Windows that end at midnight repeat no records.
    expect(summary.repeated).toBe(0);
    expect(summary.total).toBe(950);
  });

  it('shortens windows with too many records, and lengthens the windows again', async () => {
    const { simulator, api } = await setUp({ records: 5000, maxResults: 300, intervalMatching: 'start' });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 300 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    expect(summary.repeated).toBe(0);
    // At least 17 windows, each with its pages, an empty page, and sometimes a page that stated too many records.
    expect(summary.requests).toBeLessThan(50 + 3 * 40);
  });

  it('writes each record once if adjacent windows repeat records', async () => {
    const { simulator, api } = await setUp({ records: 5000, maxResults: 300 });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 300 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(lines(records)).toBe(lines([...simulator.records()]));
    expect(summary.repeated).toBeGreaterThan(0);
  });

  it('continues from the last record of a window if the API has a lower limit than maxResults', async () => {
    for (const intervalMatching of ['activity', 'start'] as const) {
      const { simulator, api } = await setUp({ records: 3000, maxResults: 300, intervalMatching });
      // The source expects a limit of 100,000, and the API returns 400 after 300 records.
      const source = genesysConversations({ interval: simulator.interval });
      const { text } = await exportInRuns(source, api, [2, 3]);
      expect(text).toBe(lines([...simulator.records()]));
    }
  });

  it('reads all records of a window with exactly maxResults records', async () => {
    const { simulator, api } = await setUp({ records: 300, maxResults: 300 });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 300 });
    const { records } = await exportAll(source, '', { api });
    expect(records).toHaveLength(300);
    const odd = genesysConversations({ interval: simulator.interval, maxResults: 300, pageSize: 70 });
    expect((await exportAll(odd, '', { api })).records).toHaveLength(300);
  });

  it('doubles the length of windows after a very short window', async () => {
    const { simulator, api } = await setUp({ records: 420, maxResults: 100, intervalMatching: 'day' });
    const interval = '2023-10-01T23:59:59.999Z/2023-10-05T00:00:00.000Z';
    const source = genesysConversations({ interval, maxResults: 100, pageSize: 50 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(lines(records)).toBe(lines(expectedRecords(simulator, interval, 'day')));
    expect(summary.requests).toBeLessThan(200);
  });

  it('resumes windows of unlimited length', async () => {
    const { simulator, api } = await setUp({ records: 700, intervalMatching: 'start', maxResults: 200 });
    const { interval } = simulator;
    const source = genesysConversations({ interval, maxInterval: Number.POSITIVE_INFINITY, maxResults: 200 });
    const { text } = await exportInRuns(source, api, [1, 2, 1]);
    expect(text).toBe(lines([...simulator.records()]));
  });

  it('fails with the error of the API if the API refuses the first page', async () => {
    const { simulator, api } = await setUp({ records: 700, maxResults: 50 });
    const run = exportAll(genesysConversations({ interval: simulator.interval }), '', { api });
    expect((await failure(run, 'ERR_REQUEST')).message).toContain('Pagination may not exceed 50 results');
  });

  it('fails if windows cannot become short enough, and recommends details jobs', async () => {
    const { simulator, api } = await setUp({ records: 5000, maxResults: 300, intervalMatching: 'day' });
    for (const more of [{ maxResults: 300 }, {}]) {
      const source = genesysConversations({ interval: simulator.interval, ...more });
      const error = await failure(exportAll(source, '', { api }), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain('genesys-conversation-jobs');
    }
    expect(simulator.counts.apiRequests).toBeLessThan(100);
  });

  it('fails with the message of the API if the interval is too long for the API', async () => {
    const { simulator, api } = await setUp({ records: 10, maxInterval: DAY });
    const source = genesysConversations({ interval: simulator.interval });
    const error = await failure(exportAll(source, '', { api }), 'ERR_REQUEST');
    expect(error.message).toContain('The interval may not exceed 1 days.');
    const shorter = genesysConversations({ interval: simulator.interval, maxInterval: DAY });
    expect((await exportAll(shorter, '', { api })).records).toHaveLength(10);
  });
});

it('genesysConversations writes every record once, in order, for any windows, matching, interval and interruptions', async () => {
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
        // A day has 59 records, and an API that matches by day cannot return parts of a day.
        const cap = Math.floor(maxResults / pageSize) * pageSize;
        fc.pre(matching !== 'day' || (cap > 59 && cap <= 150));
        const { simulator, api } = simulators[which] ?? (await setUp({}));
        const [start, end] = [first + offset, first + offset + length];
        const interval = `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
        const source = genesysConversations({ interval, pageSize, maxInterval, maxResults });
        const { text, summary } = await exportInRuns(source, api, stops, { readAhead });
        const expected = expectedRecords(simulator, interval, matching);
        expect(text).toBe(lines(expected));
        expect(summary.records).toBe(expected.length);
      },
    ),
    { numRuns: 60 },
  );
});

describe('the end of a window', () => {
  it('is reached after all stated records if the next page is beyond the limit', async () => {
    const { simulator, api } = await setUp({ records: 40, maxResults: 60 });
    const source = genesysConversations({ interval: simulator.interval, maxResults: 60, pageSize: 50 });
    const { records, summary } = await exportAll(source, '', { api });
    expect(records).toHaveLength(40);
    expect(summary.requests).toBe(1);
  });

  /** Starts an API with pages of `counts` conversations. `more` returns further members of a response. */
  const pages = (counts: readonly number[], more: (page: number) => object = () => ({})) =>
    startApi(({ body }) => {
      const { pageNumber } = (body as { paging: { pageNumber: number } }).paging;
      const count = counts[pageNumber - 1];
      if (count === undefined) return more(pageNumber);
      return { conversations: conversations((pageNumber - 1) * 100, count), ...more(pageNumber) };
    });
  const day = { interval: '2023-10-01/2023-10-02' };

  it.each([
    ['no members', {}],
    ['an empty list', { conversations: [], totalHits: 130 }],
    ['only aggregations', { aggregations: [], totalHits: 130 }],
  ])('is a response with %s', async (_, end) => {
    const { url } = await pages([100, 30], (page) => (page > 2 ? end : { totalHits: 130 }));
    expect((await exportAll(genesysConversations(day), url)).records).toHaveLength(130);
  });

  it('is neither a short page nor the page that reaches totalHits', async () => {
    const { url } = await pages([60, 100, 30], (page) => (page > 3 ? {} : { totalHits: 50 }));
    expect((await exportAll(genesysConversations(day), url)).records).toHaveLength(190);
  });

  it.each([
    ['HTML', '<html>', 'with HTML or XML'],
    ['the body of an error', '{"message":"oops","code":"x"}', 'without conversations. It has message, code'],
    ['the format of the tutorial', '{"results":[],"nextPage":null}', 'Use genesysConversationsTutorial'],
    ['a record without an id', '{"conversations":[{}]}', 'a record without a conversationId'],
    ['a string as list', '{"conversations":"many"}', 'whose conversations is text'],
  ])('is not %s', async (_, text, message) => {
    const { url } = await startApi((__, response) => void response.end(text));
    const error = await failure(exportAll(genesysConversations(day), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain(message);
  });

  it('is an error if more of totalHits is missing than totalTolerance allows', async () => {
    const { url } = await pages([100, 87], (page) => (page > 2 ? {} : { totalHits: 190 }));
    const error = await failure(exportAll(genesysConversations(day), url), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain('2023-10-01T00:00:00.000Z/2023-10-02T00:00:00.000Z stated 190 records');
    expect(error.message).toContain('returned 187 different ones: 3 are missing');
    const accepted = genesysConversations({ ...day, totalTolerance: 0.0158 });
    expect((await exportAll(accepted, url)).records).toHaveLength(187);
    // The default tolerance allows 1 of 188 to be missing.
    const near = await pages([100, 87], (page) => (page > 2 ? {} : { totalHits: 188 }));
    expect((await exportAll(genesysConversations(day), near.url)).records).toHaveLength(187);
  });

  it('counts the records from before a resume', async () => {
    const { url } = await pages([100, 100, 10], (page) => (page > 3 ? {} : { totalHits: 300 }));
    const run = exportInRuns(genesysConversations(day), axios.create({ baseURL: url }), [1, 1]);
    expect((await failure(run, 'ERR_TOTAL_MISMATCH')).message).toContain(
      'returned 210 different ones: 90 are missing',
    );
  });
});

function conversations(from: number, count: number) {
  return Array.from({ length: count }, (_, n) => ({
    conversationId: `c${from + n}`,
    conversationStart: new Date(Date.parse('2023-10-01') + (from + n) * 1000).toISOString(),
  }));
}

describe('requests', () => {
  it('have the format of the real API, and the further members of the query', async () => {
    const { url, requests } = await startApi(() => ({}));
    const conversationFilters = [{ type: 'or', predicates: [{ dimension: 'mediaType', value: 'voice' }] }];
    const options = {
      interval: '2023-10-01T02:00+02:00/2023-10-02',
      query: { conversationFilters },
      pageSize: 25,
    };
    await exportAll(genesysConversations(options), url);
    expect(requests.map(({ method, path }) => [method, path])).toEqual([['POST', PATH]]);
    expect(requests[0]?.body).toEqual({
      conversationFilters,
      interval: '2023-10-01T00:00:00.000Z/2023-10-02T00:00:00.000Z',
      order: 'asc',
      orderBy: 'conversationStart',
      paging: { pageSize: 25, pageNumber: 1 },
    });
  });

  it('run in parallel, at most readAhead pages ahead of the consumer', async () => {
    const { simulator, api } = await setUp({ records: 4000, pageDelay: 10 });
    // After the first page, five requests wait for each other, so fewer at once would wait forever.
    const meeting = meetingOf(5);
    let requests = 0;
    api.interceptors.request.use(async (config) => {
      requests++;
      if (requests > 1 && requests <= 6) await meeting();
      return config;
    });
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
    expect(simulator.counts.maxConcurrent).toBeLessThanOrEqual(5);
    expect(simulator.counts.apiRequests).toBe(41);
  });

  it('are retried after 503 although they are POSTs, for any vendor', async () => {
    const fixture = await startFixture();
    let requests = 0;
    fixture.onApi = (_, response) => sendJson(response, ++requests === 1 ? 503 : 200, {});
    const { api } = fixture.attach({ retry: { baseDelay: 5 } });
    const source = genesysConversations({ interval: '2023-10-01/2023-10-02' });
    const { summary } = await exportAll(source, fixture.url, { api });
    expect(summary.retries).toBe(1);
    const post = { url: '/q', method: 'post', items: '' } as const;
    fixture.onApi = (_, response) => sendJson(response, ++requests === 3 ? 503 : 200, []);
    expect((await exportAll(pageNumberSource(post), fixture.url, { api })).summary.retries).toBe(1);
  });
});

it('the progress estimates the total from the windows so far, and is exact in the last window', async () => {
  const { api } = await setUp({ records: 3000, interval: MONTH, intervalMatching: 'start' });
  const totals: (number | undefined)[] = [];
  const onProgress = ({ total }: { total?: number | undefined }) => void totals.push(total);
  await exportAll(genesysConversations({ interval: MONTH }), '', { api, onProgress });
  // 30 pages, and the ends of 5 windows.
  expect(totals).toHaveLength(35);
  for (const total of totals) expect(total).toBe(3000);
});

it('genesysConversations resumes from a cursor in the middle of a window, also with other limits', async () => {
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

describe('options', () => {
  const create = (options: unknown) => () => genesysConversations(options as GenesysConversationsOptions);

  it.each([
    ['2023-10-02/2023-10-01', /must be after/],
    ['2023-10-01/2023-10-01', /must be after/],
    ['2023-10-01', /two dates/],
    ['yesterday/today', /ISO 8601/],
    ['2023-10-01/2999-01-01', /in the future/],
    [undefined, /must be a string/],
  ])('reject the interval %s', (interval, message) => {
    expect(create({ interval })).toThrow(message);
  });

  it('are all listed in one error if invalid', () => {
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

  it('can change before a resume if they do not determine the records', () => {
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
