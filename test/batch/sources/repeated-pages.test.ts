import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  cursorSource,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../../src/batch/index.ts';
import { type ApiRequest, exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';

/** How an API returns pages of 5 records, of which it has 17: returns the records of the page with this index. */
type Records = (index: number) => readonly unknown[];

const COUNT = 17;
const fair: Records = (index) => numbered(index * 5, Math.min(index * 5 + 5, COUNT));

const LIES: [name: string, records: Records][] = [
  ['ignores the parameter', () => fair(0)],
  ['repeats its last page for ever', (index) => fair(Math.min(index, 3))],
  ['repeats a full page for ever', (index) => fair(Math.min(index, 2))],
  ['returns its pages in a circle', (index) => fair(index % 4)],
  ['returns its first page for every second page', (index) => fair(index % 2 ? index : 0)],
  [
    'returns an empty page in the middle',
    (index) => (index === 1 ? [] : fair(index > 1 ? index - 1 : index)),
  ],
  ['returns an empty page in the middle instead of records', (index) => (index === 1 ? [] : fair(index))],
  [
    'returns an empty page after a short page',
    (index) => (index === 4 ? [] : fair(index > 4 ? index - 1 : index)),
  ],
  ['returns empty pages only', () => []],
];

interface Kind {
  source: (more: object) => PageSource;
  /** Returns the index of the requested page, and the members that lead to the next page. */
  page: (request: ApiRequest) => { index: number; lead: object };
}

const options = { url: '/rows', items: 'rows', id: 'id' };

const KINDS: [name: string, kind: Kind][] = [
  [
    'pageNumberSource',
    {
      source: (more) => pageNumberSource({ ...options, ...more }),
      page: ({ query }) => ({ index: Number(query.pageNumber) - 1, lead: {} }),
    },
  ],
  [
    'pageNumberSource with lastPage short',
    {
      source: (more) => pageNumberSource({ ...options, ...more, lastPage: 'short', pageSize: 5 }),
      page: ({ query }) => ({ index: Number(query.pageNumber) - 1, lead: {} }),
    },
  ],
  [
    'pageNumberSource with pageCount',
    {
      source: (more) => pageNumberSource({ ...options, ...more, pageCount: 'pages' }),
      page: ({ query }) => ({ index: Number(query.pageNumber) - 1, lead: { pages: 6 } }),
    },
  ],
  [
    'offsetSource',
    {
      source: (more) => offsetSource({ ...options, ...more, pageSize: 5 }),
      page: ({ query }) => ({ index: Math.ceil(Number(query.skip) / 5), lead: {} }),
    },
  ],
  [
    'cursorSource',
    {
      source: (more) => cursorSource({ ...options, ...more, cursor: 'next' }),
      page: ({ query }) => leadFrom(Number(query.cursor ?? 0), (index) => String(index)),
    },
  ],
  [
    'linkSource',
    {
      source: (more) => linkSource({ ...options, ...more, next: 'next' }),
      page: ({ query }) => leadFrom(Number(query.at ?? 0), (index) => `/rows?at=${index}`),
    },
  ],
];

/** Leads to a next page up to the fifth one. */
function leadFrom(index: number, toLead: (index: number) => string) {
  return { index, lead: index < 5 ? { next: toLead(index + 1) } : {} };
}

/** Exports from an API, and returns the result: complete, or the code of the error. */
async function outcomeOf({ source, page }: Kind, records: Records, total: number | undefined) {
  const { url, requests } = await startApi((request) => {
    const { index, lead } = page(request);
    return { rows: records(index), total, ...lead };
  });
  const run = exportAll(source(total === undefined ? {} : { total: 'total' }), url);
  const result = await run.then(
    ({ records: found }) => ({ found: found.length, code: 'complete' }),
    ({ code }: { code: string }) => ({ found: 0, code }),
  );
  expect(requests.length).toBeLessThan(40);
  return result;
}

describe.each(KINDS)('%s', (name, kind) => {
  it('reads all records of an honest API', async () => {
    for (const total of [COUNT, undefined]) {
      expect(await outcomeOf(kind, fair, total)).toEqual({ found: COUNT, code: 'complete' });
    }
  });

  it.each(LIES)('reads all records or fails if the total is known and the API %s', async (_, records) => {
    const { found, code } = await outcomeOf(kind, records, COUNT);
    if (code === 'complete') expect(found).toBe(COUNT);
    else expect(code).toMatch(/^ERR_(PAGE_LOOP|TOTAL_MISMATCH)$/);
  });

  it.each(LIES.slice(0, 5))('ends with ERR_PAGE_LOOP without a total if the API %s', async (_, records) => {
    // A short page is the documented end with this option.
    if (name.endsWith('short') && records(3).length < 5) return;
    expect((await outcomeOf(kind, records, undefined)).code).toBe('ERR_PAGE_LOOP');
  });

  it('reads the pages after an empty page without a total', async () => {
    const gap: Records = (index) => (index === 1 ? [] : fair(index > 1 ? index - 1 : index));
    expect(await outcomeOf(kind, gap, undefined)).toEqual({ found: COUNT, code: 'complete' });
  });

  it('ends at a repeated page if the page before had the last record of the total', async () => {
    for (const count of [5, 15, 17]) {
      const records: Records = (index) => fair(Math.min(index, Math.ceil(count / 5) - 1));
      expect(await outcomeOf(kind, records, count)).toEqual({ found: count, code: 'complete' });
    }
  });
});

describe.each([
  [
    'cursorSource',
    (more: object) => cursorSource({ ...options, ...more, cursor: 'next' }),
    (to: string) => to,
    (query: Record<string, string>) => query.cursor,
  ],
  [
    'linkSource',
    (more: object) => linkSource({ ...options, ...more, next: 'next' }),
    (to: string) => `?at=${to}`,
    (query: Record<string, string>) => query.at,
  ],
] as const)('%s', (_, source, toLead, leadOf) => {
  it.each([
    ['itself', { '': 'a', a: 'a' }],
    ['an earlier page', { '': 'a', a: 'b', b: 'c', c: 'a' }],
    ['the page before', { '': 'a', a: 'b', b: 'a' }],
  ])('ends with ERR_PAGE_LOOP if a page leads to %s, also after a resume', async (__, next) => {
    const { url } = await startApi(({ query }) => {
      const at = leadOf(query) ?? '';
      const to = (next as Record<string, string>)[at];
      return { rows: [{ id: at }, { id: `${at}2` }], total: 100, next: to && toLead(to) };
    });
    const api = axios.create({ baseURL: url, proxy: false });
    for (const more of [{}, { total: 'total' }]) {
      for (const stops of [[], [1], [1, 1]]) {
        await expect(exportInRuns(source(more), api, stops)).rejects.toMatchObject({ code: 'ERR_PAGE_LOOP' });
      }
    }
  });

  it('ends with ERR_PAGE_LOOP if the API returns new leads and the same page for ever', async () => {
    let at = 0;
    const { url, requests } = await startApi(() => ({ rows: numbered(0, 5), next: toLead(String(at++)) }));
    const error: Error = await exportAll(source({}), url).then(
      () => expect.fail('complete'),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: 'ERR_PAGE_LOOP', permanent: true });
    expect(error.message).toContain('set total (--total)');
    expect(requests.length).toBeLessThan(10);
  });
});

it.each([
  ['page', (more: object) => pageNumberSource({ ...options, ...more, parameter: 'page' })],
  ['start', (more: object) => offsetSource({ ...options, ...more, skipParameter: 'start', pageSize: 5 })],
  ['from', (more: object) => cursorSource({ ...options, ...more, cursor: 'next', parameter: 'from' })],
] as const)('names the parameter %s if the API ignores it', async (name, source) => {
  let at = 0;
  const { url } = await startApi(() => ({ rows: numbered(0, 5), next: at++, total: 50 }));
  for (const more of [{}, { total: 'total' }]) {
    await expect(exportAll(source(more), url)).rejects.toThrow(`the API ignores the parameter ${name}`);
  }
});

it('fails for a page count of 0 on a first page with records', async () => {
  const { url } = await startApi(() => ({ rows: numbered(0, 5), pages: 0 }));
  const run = exportAll(pageNumberSource({ ...options, pageCount: 'pages' }), url);
  await expect(run).rejects.toThrow('returned 5 records on the first page, but 0 as pages');
});

it('warns if the page count changes', async () => {
  const { url } = await startApi(({ query }) => {
    const number = Number(query.pageNumber);
    return { rows: numbered(number * 2, number * 2 + 2), pages: number < 3 ? 4 : 5 };
  });
  const source = pageNumberSource({ ...options, pageCount: 'pages' });
  const warnings: string[] = [];
  const watched: PageSource = {
    ...source,
    async *read(context) {
      for await (const page of source.read(context)) {
        warnings.push(...(page.warnings ?? []));
        yield page;
      }
    },
  };
  expect((await exportAll(watched, url)).records).toHaveLength(10);
  expect(warnings).toEqual(['GET /rows stated 4 pages at first and 5 at the end; pages may have shifted']);
});
