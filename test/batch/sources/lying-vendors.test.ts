import { describe, expect, it } from 'vitest';
import {
  cxoneCompletedContacts,
  genesysConversationJobs,
  genesysConversations,
  genesysConversationsTutorial,
} from '../../../src/batch/index.ts';
import { startApi } from '../../support/exporting.ts';
import { outcomeOf } from '../../support/outcome.ts';

const DATES = { startDate: '2023-10-01', endDate: '2023-10-02' };
const INTERVAL = '2023-10-01/2023-10-02';

/** The page with a number from 1, as the range of its records. Undefined is a page after the last one. */
type PageOf = (page: number) => readonly [from: number, to: number] | undefined;

/** Returns the pages of an honest API with 250 records and 100 per page. */
const honest: PageOf = (page) => (page > 3 ? undefined : [(page - 1) * 100, Math.min(page * 100, 250)]);
const without =
  (...lost: number[]): PageOf =>
  (page) =>
    lost.includes(page) ? [0, 0] : honest(page);
const ranges =
  (...pages: (readonly [number, number])[]): PageOf =>
  (page) =>
    pages[page - 1];

const range = ([from, to]: readonly [number, number]) =>
  Array.from({ length: to - from }, (_, n) => from + n);

interface Lie {
  pages: PageOf;
  /** The total that the API states with a page. @default 250 */
  total?: (page: number) => number | undefined;
  genesys: string;
  cxone: string;
  /** Each run must read more than two pages to recognise the lie. */
  once?: true;
  /** How many different records arrive if no error ends the export. */
  records?: number;
}

const LOOP = 'ERR_PAGE_LOOP';
const MISMATCH = 'ERR_TOTAL_MISMATCH';

const LIES: Record<string, Lie> = {
  'tells the truth': { pages: honest, genesys: 'complete', cxone: 'complete', records: 250 },
  'ignores the paging parameter': { pages: () => [0, 100], genesys: LOOP, cxone: LOOP },
  'ignores the paging parameter and states no total': {
    pages: () => [0, 100],
    total: () => undefined,
    genesys: LOOP,
    // Without a total and a link, the first page is the last one.
    cxone: 'complete',
    records: 100,
  },
  'ignores the paging parameter, but has only one page': {
    pages: () => [0, 100],
    total: () => 100,
    genesys: 'complete',
    cxone: 'complete',
    records: 100,
  },
  'repeats its last page for ever': {
    pages: (page) => honest(Math.min(page, 3)),
    genesys: 'complete',
    cxone: 'complete',
    records: 250,
  },
  'repeats its last page for ever, and states too many records': {
    pages: (page) => honest(Math.min(page, 3)),
    total: () => 400,
    genesys: LOOP,
    cxone: LOOP,
  },
  'repeats its last page for ever, and states 1 percent too many records': {
    pages: (page) => honest(Math.min(page, 3)),
    total: () => 252,
    genesys: 'warning',
    cxone: LOOP,
  },
  'repeats its pages in a circle': {
    pages: (page) => honest(page < 2 ? 1 : 2 + (page % 2)),
    total: () => 5000,
    genesys: LOOP,
    cxone: LOOP,
    once: true,
  },
  'loses a page in the middle': { pages: without(2), genesys: MISMATCH, cxone: MISMATCH },
  'loses the first page': { pages: without(1), genesys: MISMATCH, cxone: MISMATCH },
  'loses all pages': { pages: without(1, 2, 3), genesys: MISMATCH, cxone: MISMATCH },
  'returns an empty page before the last page': {
    pages: ranges([0, 100], [0, 0], [100, 200], [200, 250]),
    genesys: 'complete',
    cxone: 'complete',
    records: 250,
  },
  'has pages that overlap': {
    pages: ranges([0, 100], [90, 190], [180, 250]),
    genesys: 'warning',
    cxone: 'warning',
    records: 250,
  },
  'has pages that overlap, and loses the last records': {
    pages: ranges([0, 100], [80, 180], [160, 230]),
    genesys: MISMATCH,
    cxone: MISMATCH,
  },
  'moves its records to the next page by an insertion': {
    pages: ranges([0, 100], [99, 199], [199, 250]),
    genesys: 'warning',
    cxone: 'warning',
    records: 250,
  },
  'moves its records to the previous page by a deletion': {
    pages: ranges([0, 100], [101, 201], [201, 250]),
    total: (page) => (page === 1 ? 250 : 249),
    genesys: 'warning',
    cxone: 'warning',
    records: 249,
  },
  'states fewer records later': {
    pages: honest,
    total: (page) => 260 - 10 * page,
    genesys: 'warning',
    cxone: 'warning',
  },
  'states fewer records with the page after the last record': {
    pages: ranges([0, 100], [100, 200], [200, 300], [301, 350], [0, 0]),
    total: (page) => (page > 4 ? 349 : 350),
    genesys: 'warning',
    cxone: 'warning',
    records: 349,
  },
  'states more records with an empty page, and fewer with the next one': {
    pages: ranges([0, 100], [100, 200], [0, 0], [200, 250]),
    total: (page) => (page === 3 ? 350 : 250),
    genesys: 'warning',
    cxone: 'warning',
    records: 250,
  },
  'states more records with a repeated page': {
    pages: (page) => honest(Math.min(page, 3)),
    total: (page) => (page > 3 ? 400 : 250),
    genesys: LOOP,
    // The third page has the last record, so the source requests no other page.
    cxone: 'complete',
  },
  'states too many records': { pages: honest, total: () => 400, genesys: MISMATCH, cxone: MISMATCH },
  'states 1 percent too many records': {
    pages: honest,
    total: () => 252,
    genesys: 'warning',
    cxone: MISMATCH,
  },
  'states 0 records with empty pages': {
    pages: without(2),
    total: (page) => (page === 2 || page > 3 ? 0 : 250),
    genesys: MISMATCH,
    cxone: MISMATCH,
  },
};

const cases = Object.entries(LIES).flatMap(([name, lie]) =>
  (lie.once ? [Number.POSITIVE_INFINITY] : [Number.POSITIVE_INFINITY, 2]).map((restartAfter) => ({
    name: restartAfter === 2 ? `${name}, with a resume after every second page` : name,
    restartAfter,
    ...lie,
  })),
);

describe('genesysConversations, if the API', () => {
  it.each(cases)('$name', async ({ pages, total = () => 250, genesys, records, restartAfter }) => {
    const { url, requests } = await startApi(({ body }) => {
      const { pageNumber } = (body as { paging: { pageNumber: number } }).paging;
      const page = pages(pageNumber);
      const totalHits = total(pageNumber);
      if (!page) return {};
      const conversations = range(page).map((n) => ({
        conversationId: `c${n}`,
        conversationStart: new Date(Date.parse('2023-10-01') + n * 1000).toISOString(),
      }));
      return { conversations, ...(totalHits !== undefined && { totalHits }) };
    });
    const outcome = await outcomeOf(genesysConversations({ interval: INTERVAL }), url, { restartAfter });
    // A repeated page is recognised later after a resume.
    expect(restartAfter === 2 ? [genesys, LOOP, MISMATCH] : [genesys]).toContain(outcome.result);
    if (records !== undefined && outcome.result === genesys) expect(outcome.records).toBe(records);
    expect(requests.length).toBeLessThan(60);
  });
});

describe('cxoneCompletedContacts, if the API', () => {
  it.each(cases)('$name', async ({ pages, total = () => 250, cxone, records, restartAfter }) => {
    const { url, requests } = await startApi(({ query }, response) => {
      const number = Math.ceil(Number(query.skip) / 100) + 1;
      const page = pages(number);
      if (!page || (page[1] === 0 && number % 2 === 0)) return void response.writeHead(204).end();
      const totalRecords = total(number);
      const completedContacts = range(page).map((contactId) => ({ contactId }));
      return { completedContacts, ...(totalRecords !== undefined && { totalRecords }) };
    });
    const source = cxoneCompletedContacts({ ...DATES, pageSize: 100 });
    const outcome = await outcomeOf(source, url, { restartAfter });
    // A repeated page is recognised later after a resume.
    expect(restartAfter === 2 ? [cxone, LOOP, MISMATCH] : [cxone]).toContain(outcome.result);
    if (records !== undefined && outcome.result === cxone) expect(outcome.records).toBe(records);
    expect(requests.length).toBeLessThan(60);
  });
});

const JOBS = '/api/v2/analytics/conversations/details/jobs';

type Results = (cursor: string | undefined, read: number) => object;

/** Starts an API whose details job returns `results`, which get the number of the request from 1. */
async function startJob(results: Results) {
  let reads = 0;
  return startApi(({ method, path, query: { cursor } }) => {
    if (path.endsWith('/availability')) return { dataAvailabilityDate: '2023-10-09T00:00:00Z' };
    if (method === 'POST') return { jobId: 'job' };
    if (path === `${JOBS}/job`) return { state: 'FULFILLED' };
    return { dataAvailabilityDate: '2023-10-09T00:00:00Z', ...results(cursor, ++reads) };
  });
}

const conversations = (from: number, to: number) =>
  range([from, to]).map((n) => ({ conversationId: `c${n}` }));
const third = (cursor: string | undefined) => Number(cursor ?? 0) + 1;

describe('genesysConversationJobs, if the API', () => {
  it.each<[name: string, results: Results, result: string, records?: number]>([
    [
      'tells the truth',
      (cursor) => {
        const page = third(cursor);
        return {
          conversations: conversations(page * 10, page * 10 + 10),
          ...(page < 3 && { cursor: String(page) }),
        };
      },
      'complete',
      30,
    ],
    [
      'returns an empty page in the middle',
      (cursor) => {
        const page = third(cursor);
        return {
          conversations: page === 2 ? [] : conversations(page * 10, page * 10 + 10),
          ...(page < 3 && { cursor: String(page) }),
        };
      },
      'complete',
      20,
    ],
    ['ignores the cursor', () => ({ conversations: conversations(0, 10), cursor: '1' }), LOOP],
    [
      'ignores the cursor, and returns another cursor each time',
      (_, read) => ({ conversations: conversations(0, 10), cursor: String(read) }),
      LOOP,
    ],
    [
      'repeats its last page for ever',
      (_, read) => ({ conversations: conversations(Math.min(read, 3), 10), cursor: String(read) }),
      LOOP,
    ],
    ['returns empty pages for ever', (_, read) => ({ conversations: [], cursor: String(read) }), LOOP],
    [
      'returns a cursor that leads back',
      (_, read) => ({ conversations: conversations(read * 10, read * 10 + 10), cursor: String(read % 3) }),
      LOOP,
    ],
    [
      'returns a page without conversations in the middle',
      (cursor) => (cursor ? { cursor: '2' } : { conversations: conversations(0, 10), cursor: '1' }),
      'ERR_UNEXPECTED_ANSWER',
    ],
    [
      'has data only until an earlier date than the end of the interval',
      () => ({ conversations: conversations(0, 10), dataAvailabilityDate: '2023-10-01T12:00:00Z' }),
      'warning',
      10,
    ],
  ])('%s', async (_, results, result, records) => {
    // An API that never ends is only recognised within one run.
    const restarts = result === LOOP ? [Number.POSITIVE_INFINITY] : [Number.POSITIVE_INFINITY, 3];
    for (const restartAfter of restarts) {
      const { url } = await startJob(results);
      const source = genesysConversationJobs({ interval: INTERVAL, pollDelay: 1 });
      const outcome = await outcomeOf(source, url, { restartAfter });
      expect(outcome.result).toBe(result);
      if (records !== undefined) expect(outcome.records).toBe(records);
    }
  });

  it('has only partial data, and allowPartialData is set, warns with the date of the API', async () => {
    const options = { interval: INTERVAL, pollDelay: 1, allowPartialData: true };
    for (const date of ['2023-10-01T12:00:00Z', undefined]) {
      const { url } = await startApi(({ method, path }) => {
        if (path.endsWith('/availability')) return { dataAvailabilityDate: '2023-10-01T12:00:00Z' };
        if (method === 'POST') return { jobId: 'job' };
        if (path === `${JOBS}/job`) return { state: 'FULFILLED' };
        return { conversations: conversations(0, 10), ...(date && { dataAvailabilityDate: date }) };
      });
      expect((await outcomeOf(genesysConversationJobs(options), url)).warnings).toEqual([
        'details jobs have data until 2023-10-01T12:00:00.000Z, but the interval ends at 2023-10-02T00:00:00.000Z: ' +
          'later conversations are missing',
      ]);
    }
  });
});

describe('genesysConversationsTutorial, if the API', () => {
  it.each<[name: string, results: (page: number) => object, result: string]>([
    [
      'tells the truth',
      (page) => ({
        results: conversations(page, page + 1),
        ...(page < 3 && { nextPage: `/?page=${page + 1}` }),
      }),
      'complete',
    ],
    [
      'links back to the first page',
      (page) => ({
        results: conversations(page, page + 1),
        nextPage: page < 3 ? `/?page=${page + 1}` : '/?page=2',
      }),
      LOOP,
    ],
    ['links to the same page', () => ({ results: conversations(0, 1), nextPage: '/?page=2' }), LOOP],
  ])('%s', async (_, results, result) => {
    const { url } = await startApi(({ query }) => results(Number(query.page ?? 1)));
    const source = genesysConversationsTutorial({ dateFrom: '2023-10-01', dateTo: '2023-10-02' });
    expect((await outcomeOf(source, url)).result).toBe(result);
  });
});

describe('the rest of a window that an API cannot page further', () => {
  /** Returns an API with one conversation per minute, 100 results per query, and possibly a lost record. */
  const capped = (lost?: number, matching: 'start' | 'day' = 'start') =>
    startApi(({ body }, response) => {
      const { interval, paging } = body as {
        interval: string;
        paging: { pageNumber: number; pageSize: number };
      };
      const [start = 0, end = 0] = interval
        .split('/')
        .map((text) => Date.parse(text) - Date.parse('2023-10-01'));
      const { pageNumber, pageSize } = paging;
      if (pageNumber * pageSize > 100) {
        response.writeHead(400, { 'content-type': 'application/json' });
        return void response.end('{"message":"Pagination may not exceed 100 results"}');
      }
      const matches = range([0, 250]).filter(
        (n) => matching === 'day' || (n * 60_000 >= start && n * 60_000 < end),
      );
      const page = matches
        .slice((pageNumber - 1) * pageSize, pageNumber * pageSize)
        .filter((n) => n !== lost);
      return {
        totalHits: matches.length,
        conversations: page.map((n) => ({
          conversationId: `c${n}`,
          conversationStart: new Date(Date.parse('2023-10-01') + n * 60_000).toISOString(),
        })),
      };
    });

  it.each([Number.POSITIVE_INFINITY, 1, 2])(
    'belongs to the window, so that both together are compared with its total, with a resume after %d pages',
    async (restartAfter) => {
      const source = genesysConversations({ interval: INTERVAL, pageSize: 20, totalTolerance: 0 });
      const complete = await capped();
      expect(await outcomeOf(source, complete.url, { restartAfter })).toMatchObject({
        // The rest begins with the last record, as expected.
        result: 'complete',
        records: 250,
      });
      for (const lost of [5, 150, 245]) {
        const { url } = await capped(lost);
        expect((await outcomeOf(source, url, { restartAfter })).result).toBe(MISMATCH);
      }
    },
  );

  it('is not read, but warned about, if the API also counts records that began after the window', async () => {
    const interval = '2023-10-01T00:00Z/2023-10-01T01:00Z';
    const { url } = await capped(undefined, 'day');
    const outcome = await outcomeOf(genesysConversations({ interval, pageSize: 20 }), url);
    expect(outcome).toMatchObject({ result: 'warning', records: 100 });
    expect(outcome.warnings.join()).toContain('states 250 records, but returns at most 100 of them');
  });
});

describe('the windows of cxoneCompletedContacts', () => {
  /** Returns an API with one contact per minute. `gap` excludes contacts at both ends of a window. */
  const split = (whole: (asked: number) => number, gap: boolean) => {
    let asked = 0;
    return startApi(({ query }, response) => {
      const [start = 0, end = 0] = [query.startDate, query.endDate].map(
        (text) => (Date.parse(text ?? '') - Date.parse('2023-10-01')) / 60_000,
      );
      const found = range([0, 200]).filter((n) => n >= (gap && start > 0 ? start + 1 : start) && n < end);
      const [skip, top] = [Number(query.skip), Number(query.top)];
      const isWhole = end - start === 1440;
      const page = found.slice(skip, Math.min(skip + top, 100));
      if (page.length === 0) return void response.writeHead(204).end();
      return {
        totalRecords: isWhole ? whole(++asked) : found.length,
        completedContacts: page.map((contactId) => ({ contactId })),
      };
    });
  };
  const options = { ...DATES, pageSize: 50, maxResults: 100 };

  it.each([Number.POSITIVE_INFINITY, 1])('add up to the total of the interval', async (restartAfter) => {
    const { url } = await split(() => 200, false);
    expect(await outcomeOf(cxoneCompletedContacts(options), url, { restartAfter })).toMatchObject({
      result: 'complete',
      records: 200,
    });
  });

  it('fail if the interval has more contacts than all of them, unless totalTolerance allows it', async () => {
    const { url } = await split(() => 210, false);
    const strict = await outcomeOf(cxoneCompletedContacts(options), url, { restartAfter: 1 });
    expect(strict.result).toBe(MISMATCH);
    const tolerant = await outcomeOf(cxoneCompletedContacts({ ...options, totalTolerance: 0.05 }), url);
    expect(tolerant.result).toBe('warning');
    expect(tolerant.warnings.join()).toContain(
      'states 210 records, but the totals of its windows add up to 200: 10 are missing',
    );
  });

  it('fail if the API returns no contacts at the boundaries of windows', async () => {
    const { url } = await split(() => 200, true);
    expect((await outcomeOf(cxoneCompletedContacts(options), url)).result).toBe(MISMATCH);
  });

  it('warn if the total of the interval changed meanwhile', async () => {
    const { url } = await split((asked) => (asked === 1 ? 210 : 200), false);
    const { result, warnings } = await outcomeOf(cxoneCompletedContacts(options), url);
    expect(result).toBe('warning');
    expect(warnings.join()).toContain(
      'stated 210 records at the start of the export, and states 200 at its end',
    );
  });
});
