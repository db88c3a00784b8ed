import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetSource, pageNumberSource } from '../../../src/batch/index.ts';
import { failure } from '../../support/batch.ts';
import { type ApiRequest, exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';
import { delay } from '../../support/fixture.ts';

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Returns pages of `size` out of `count` records. */
const paged =
  (count: number, size: number, more: (number: number) => object = () => ({})) =>
  ({ query }: ApiRequest) => {
    const number = Number(query.pageNumber);
    return { entities: numbered((number - 1) * size, Math.min(number * size, count)), ...more(number) };
  };

const base = { url: '/users', items: 'entities' };

describe('pageNumberSource', () => {
  it.each([0, 1, 4, 5, 6, 10])('ends at two empty pages after %i records', async (count) => {
    const { url, requests } = await startApi(paged(count, 5));
    const { records } = await exportAll(pageNumberSource(base), url);
    expect(records).toEqual(numbered(0, count));
    expect(Math.max(...requests.map(({ query }) => Number(query.pageNumber)))).toBeLessThanOrEqual(
      Math.ceil(count / 5) + 2,
    );
  });

  it.each([0, 1, 5, 6])('ends at one empty page after %i records if the total is known', async (count) => {
    const { url, requests } = await startApi(paged(count, 5, () => ({ total: count })));
    const { records } = await exportAll(pageNumberSource({ ...base, total: 'total' }), url);
    expect(records).toEqual(numbered(0, count));
    expect(requests).toHaveLength(Math.ceil(count / 5) + 1);
  });

  it.each([0, 1, 5, 11])(
    'ends at the page that pageCount determines after %i records, and requests no later page',
    async (count) => {
      const pageCount = Math.ceil(count / 5);
      const { url, requests } = await startApi(paged(count, 5, () => ({ paging: { count: pageCount } })));
      const source = pageNumberSource({ ...base, pageCount: 'paging.count' });
      expect((await exportAll(source, url)).records).toEqual(numbered(0, count));
      expect(requests).toHaveLength(Math.max(pageCount, 1));
    },
  );

  it('does not end at an empty page before the page that pageCount determines', async () => {
    const { url } = await startApi(({ query }) => {
      const number = Number(query.pageNumber);
      return { entities: number === 2 ? [] : numbered(number * 5, number * 5 + 5), pageCount: 4 };
    });
    const { records } = await exportAll(pageNumberSource({ ...base, pageCount: 'pageCount' }), url);
    expect(records).toEqual([...numbered(5, 10), ...numbered(15, 25)]);
  });

  it('ends at a short page only with lastPage: short', async () => {
    const short = { ...base, pageSize: 5, sizeParameter: 'pageSize' };
    const { url, requests } = await startApi(paged(8, 5));
    await exportAll(pageNumberSource({ ...short, lastPage: 'short' }), url);
    expect(requests).toHaveLength(2);
    expect(requests[1]?.query).toEqual({ pageNumber: '2', pageSize: '5' });
    // This API returns at most 3 records per page, for any page size.
    const limited = await startApi(paged(8, 3));
    expect((await exportAll(pageNumberSource(short), limited.url)).records).toEqual(numbered(0, 8));
  });

  it('ends at a response without the list only with emptyPage: absent', async () => {
    const { url } = await startApi(({ query }) =>
      query.pageNumber === '1' ? { entities: numbered(0, 2) } : {},
    );
    const error = await failure(exportAll(pageNumberSource(base), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain('GET /users returned an object without entities. It has no members');
    const source = pageNumberSource({ ...base, emptyPage: 'absent' });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 2));
  });

  it('ends at the status 204 or 404 only with emptyStatus, and never at 404 on the first page', async () => {
    for (const status of [204, 404] as const) {
      const { url } = await startApi(({ path, query }, response) => {
        if (path === '/users' && query.pageNumber === '1') return { entities: numbered(0, 2) };
        response.writeHead(status).end();
        return undefined;
      });
      const source = pageNumberSource({ ...base, emptyStatus: status });
      expect((await exportAll(source, url)).records).toEqual(numbered(0, 2));
      const withoutOption = exportAll(pageNumberSource(base), url);
      await failure(withoutOption, status === 204 ? 'ERR_UNEXPECTED_ANSWER' : 'ERR_REQUEST');
      const first = exportAll(pageNumberSource({ ...base, url: '/misspelt', emptyStatus: status }), url);
      if (status === 204) expect((await first).records).toEqual([]);
      else await failure(first, 'ERR_REQUEST');
    }
  });
});

describe('when a response is neither a page nor the end', () => {
  it.each(['constructor', '__proto__', 'toString', 'constructor.name'])(
    'fails for a response without the list %s, which is a member of every object',
    async (items) => {
      const { url } = await startApi((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"users":[]}');
      });
      const error = await failure(
        exportAll(pageNumberSource({ ...base, items }), url),
        'ERR_UNEXPECTED_ANSWER',
      );
      expect(error.message).toContain(`returned an object without ${items}. It has users`);
    },
  );

  it.each([
    ['HTML', '<html>Please log in</html>', 'text/html', 'with HTML or XML (text/html)'],
    ['truncated JSON', '{"entities":[{"id":', 'application/json', 'text that is not JSON'],
    ['an empty body', '', 'application/json', 'with no content'],
    ['an array', '[]', 'application/json', 'with an array'],
    ['another list', '{"results":[]}', 'application/json', 'without entities. It has results'],
    ['null as list', '{"entities":null}', 'application/json', 'whose entities is null'],
    ['an object as list', '{"entities":{"id":1}}', 'application/json', 'whose entities is an object'],
  ])('fails for %s', async (_, body, type, message) => {
    const { url } = await startApi((__, response) => {
      response.writeHead(200, { 'content-type': type }).end(body);
    });
    const error = await failure(exportAll(pageNumberSource(base), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain(message);
  });

  it('fails for a 503 that the instance resolves', async () => {
    const { url } = await startApi((_, response) => {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{}');
    });
    const api = axios.create({ baseURL: url, validateStatus: () => true });
    const source = pageNumberSource({ ...base, emptyPage: 'absent' });
    await failure(exportAll(source, url, { api }), 'ERR_REQUEST');
  });

  it('fails for a missing page count or total', async () => {
    const { url } = await startApi(paged(8, 5));
    const counted = exportAll(pageNumberSource({ ...base, pageCount: 'pages' }), url);
    expect((await failure(counted, 'ERR_UNEXPECTED_ANSWER')).message).toContain(
      'returned nothing as pages, which must be the number of pages',
    );
    const totalled = exportAll(pageNumberSource({ ...base, total: 'total' }), url);
    expect((await failure(totalled, 'ERR_UNEXPECTED_ANSWER')).message).toContain(
      'returned nothing as total, which must be the total number of records',
    );
  });

  it('fails for a record without the id', async () => {
    const { url } = await startApi(paged(8, 5));
    const run = exportAll(pageNumberSource({ ...base, id: 'key' }), url);
    expect((await failure(run, 'ERR_UNEXPECTED_ANSWER')).message).toContain('without the id key');
  });
});

describe('paths and parameters', () => {
  it('reads a response that is the list, a dotted path, and a name with dots', async () => {
    const list = await startApi(({ query }) => (query.pageNumber === '1' ? numbered(0, 3) : []));
    expect((await exportAll(pageNumberSource({ ...base, items: '' }), list.url)).records).toHaveLength(3);
    const deep = await startApi(({ query }) => ({
      data: { 'all.rows': query.p === '0' ? numbered(0, 3) : [] },
      '@odata.count': '3',
    }));
    const source = pageNumberSource({
      url: '/rows',
      items: 'data.all.rows',
      total: '@odata.count',
      parameter: 'p',
      first: 0,
    });
    const { records, summary } = await exportAll(source, deep.url);
    expect(records).toHaveLength(3);
    expect(summary.total).toBe(3);
  });

  it('sends the paging parameters in the body of a POST, next to the other members', async () => {
    const { url, requests } = await startApi(({ body }) => {
      const { paging } = body as { paging: { pageNumber: number } };
      return { entities: paging.pageNumber === 1 ? numbered(0, 2) : [] };
    });
    const source = pageNumberSource({
      url: '/query',
      method: 'post',
      data: { filter: 'x', paging: { sort: 'asc' } },
      items: 'entities',
      parameter: 'paging.pageNumber',
      sizeParameter: 'paging.pageSize',
      pageSize: 2,
    });
    await exportAll(source, url);
    expect(requests[0]?.body).toEqual({ filter: 'x', paging: { sort: 'asc', pageNumber: 1, pageSize: 2 } });
  });

  it('writes records with the same id once', async () => {
    const { url } = await startApi(({ query }) => {
      const from = (Number(query.pageNumber) - 1) * 4;
      return { entities: numbered(from, Math.min(from + 5, 10)) };
    });
    const { records, summary } = await exportAll(pageNumberSource({ ...base, id: 'id' }), url);
    expect(records).toEqual(numbered(0, 10));
    expect(summary.repeated).toBe(2);
  });
});

describe('when the total is wrong', () => {
  it('fails if fewer records arrive, names both numbers, and accepts the difference with totalTolerance', async () => {
    const { url } = await startApi(paged(97, 10, () => ({ total: 100 })));
    const api = axios.create({ baseURL: url });
    const options = { ...base, total: 'total', pageSize: 10 };
    const error = await failure(exportInRuns(pageNumberSource(options), api, []), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toMatch(/\b100\b.*\b97\b.*\b3\b/);
    expect(error.message).toContain('--total-tolerance');
    const accepted = pageNumberSource({ ...options, totalTolerance: 0.03 });
    expect((await exportAll(accepted, url)).records).toEqual(numbered(0, 97));
    const strict = pageNumberSource({ ...options, totalTolerance: 0.029 });
    await failure(exportAll(strict, url), 'ERR_TOTAL_MISMATCH');
  });

  it('writes all records if more arrive than the API stated', async () => {
    const { url } = await startApi(paged(50, 10, () => ({ total: 20 })));
    const source = pageNumberSource({ ...base, total: 'total', pageSize: 10 });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 50));
  });

  it('counts the records of earlier runs, also if only the first page returns the total', async () => {
    const { url } = await startApi(paged(50, 10, (number) => (number === 1 ? { total: 60 } : {})));
    const source = pageNumberSource({ ...base, total: 'total', pageSize: 10 });
    const api = axios.create({ baseURL: url });
    const run = exportInRuns(source, api, [2, 1]);
    expect((await failure(run, 'ERR_TOTAL_MISMATCH')).message).toMatch(/\b60\b.*\b50\b/);
    const whole = await startApi(paged(60, 10, (number) => (number === 1 ? { total: 60 } : {})));
    const fine = await exportInRuns(source, axios.create({ baseURL: whole.url }), [2, 1]);
    expect(fine.text).toBe(lines(numbered(0, 60)));
  });
});

describe('offsetSource', () => {
  /** Returns at most `limit` records per page, for any page size. */
  const offset =
    (count: number, limit: number) =>
    ({ query }: ApiRequest) => {
      const skip = Number(query.skip);
      return {
        rows: numbered(skip, Math.min(skip + Math.min(Number(query.top), limit), count)),
        total: count,
      };
    };

  it('writes all records if the pages are smaller than requested', async () => {
    const { url, requests } = await startApi(offset(100, 7));
    const source = offsetSource({ url: '/rows', items: 'rows', total: 'total', pageSize: 20 });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 100));
    // The pages that were fetched ahead at wrong offsets are fetched again once.
    expect(requests.length).toBeLessThan(30);
  });

  it('writes each record once if the pages are larger than requested', async () => {
    const { url } = await startApi(({ query }) => {
      const skip = Number(query.skip);
      return { rows: numbered(skip, Math.min(skip + 15, 100)), total: 100 };
    });
    const source = offsetSource({ url: '/rows', items: 'rows', total: 'total', pageSize: 10 });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 100));
  });

  it('produces the same file for any interruptions, with or without a total', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
        fc.boolean(),
        fc.nat(5),
        async (count, limit, pageSize, stops, isTotalKnown, readAhead) => {
          const { url } = await startApi(offset(count, limit));
          const total = isTotalKnown ? { total: 'total' } : {};
          const source = offsetSource({ url: '/rows', items: 'rows', pageSize, ...total });
          const api = axios.create({ baseURL: url });
          const { text } = await exportInRuns(source, api, stops, { readAhead });
          expect(text).toBe(lines(numbered(0, count)));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('parallel requests', () => {
  it('are limited by readAhead if the total is known, and keep the order of the records', async () => {
    let pending = 0;
    let most = 0;
    const { url, requests } = await startApi(async (question) => {
      most = Math.max(most, ++pending);
      await delay(question.query.pageNumber === '2' ? 30 : 5);
      pending--;
      return paged(100, 5, () => ({ total: 100 }))(question);
    });
    const source = pageNumberSource({ ...base, total: 'total', pageSize: 5 });
    expect((await exportAll(source, url, { readAhead: 4 })).records).toEqual(numbered(0, 100));
    expect(most).toBe(4);
    expect(requests).toHaveLength(21);
  });

  it.each([{ total: 'total' }, {}])(
    'stay at most readAhead pages ahead of the consumer with %j',
    async (more) => {
      const { url, requests } = await startApi(paged(500, 5, () => ({ total: 500 })));
      const source = pageNumberSource({ ...base, pageSize: 5, ...more });
      const beyond: number[] = [];
      const slow = {
        ...source,
        async *read(context: Parameters<typeof source.read>[0]) {
          let consumed = 0;
          for await (const page of source.read(context)) {
            consumed++;
            // The export ends early here, so the total must not count.
            yield { ...page, stated: undefined };
            if (consumed === 3) await expect.poll(() => requests.length - consumed).toBeGreaterThanOrEqual(2);
            beyond.push(requests.length - consumed);
            if (consumed === 6) return;
          }
        },
      };
      await exportAll(slow, url, { readAhead: 3 });
      expect(Math.max(...beyond)).toBeLessThanOrEqual(3);
      expect(Math.max(...beyond)).toBeGreaterThanOrEqual(2);
    },
  );
});

it('pageNumberSource fails if the API ignores the page parameter', async () => {
  const { url, requests } = await startApi(() => ({ entities: numbered(0, 5), total: 50 }));
  const source = pageNumberSource({ ...base, parameter: 'pagenumber', total: 'total' });
  const error = await failure(exportAll(source, url), 'ERR_PAGE_LOOP');
  expect(error.message).toContain('ignores the parameter pagenumber');
  expect(requests.length).toBeLessThan(10);
});

it('pageNumberSource fails if an API with one record ignores the page parameter, also after a resume', async () => {
  const { url, requests } = await startApi(() => ({ entities: numbered(0, 1), total: 2 }));
  const source = pageNumberSource({ ...base, parameter: 'pagenumber', total: 'total', id: 'id' });
  const api = axios.create({ baseURL: url, proxy: false });
  await failure(exportInRuns(source, api, [30, 30]), 'ERR_PAGE_LOOP');
  expect(requests.length).toBeLessThan(150);
});

it('pageNumberSource accepts equal pages of one record each', async () => {
  const { url } = await startApi(({ query }) => ({
    entities: Number(query.pageNumber) > 30 ? [] : [{ state: 'ok' }],
  }));
  expect((await exportAll(pageNumberSource(base), url)).records).toHaveLength(30);
});

it('pageNumberSource and offsetSource list all invalid options in one error', () => {
  const wrong = {
    url: '/users?pageNumber=3',
    items: 4,
    data: {},
    in: 'body',
    totalTolerance: 2,
    pageSize: 0,
  } as unknown;
  expect(() => pageNumberSource(wrong as Parameters<typeof pageNumberSource>[0])).toThrow(
    /items must be the path.*data requires method post.*in 'body' requires.*totalTolerance.*pageSize must be/,
  );
  const own = { url: '/users?pageNumber=3', items: 'entities', params: { top: 5 }, sizeParameter: 'top' };
  expect(() => pageNumberSource(own)).toThrow(
    /pageNumber is set by the source.*top is set by the source.*sizeParameter requires/,
  );
  const inBody = { url: '/q', method: 'post', items: 'e', data: { paging: { skip: 1 } } } as const;
  expect(() => offsetSource({ ...inBody, skipParameter: 'paging.skip' })).toThrow('paging.skip is set');
});

it('pageNumberSource excludes the options about the end from the query, so that they can change before a resume', () => {
  const query = (more: object) => pageNumberSource({ ...base, ...more }).query;
  expect(query({ emptyPage: 'absent', emptyStatus: 204, total: 'total', totalTolerance: 0.5 })).toEqual(
    query({}),
  );
  expect(query({ params: { a: 1 } })).not.toEqual(query({}));
  expect(query({ pageSize: 7 })).not.toEqual(query({}));
});
