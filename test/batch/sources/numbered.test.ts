import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offsetSource, pageNumberSource } from '../../../src/batch/index.ts';
import { failure } from '../../support/batch.ts';
import { type Asked, exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';
import { delay } from '../../support/fixture.ts';

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Answers with pages of `size` out of `count` records. */
const paged =
  (count: number, size: number, more: (number: number) => object = () => ({})) =>
  ({ query }: Asked) => {
    const number = Number(query.pageNumber);
    return { entities: numbered((number - 1) * size, Math.min(number * size, count)), ...more(number) };
  };

const base = { url: '/users', items: 'entities' };

describe('page numbers: the end', () => {
  test.each([0, 1, 4, 5, 6, 10])('of %i records is an empty page', async (count) => {
    const { url, asked } = await startApi(paged(count, 5));
    const { records } = await exportAll(pageNumberSource(base), url);
    expect(records).toEqual(numbered(0, count));
    expect(Math.max(...asked.map(({ query }) => Number(query.pageNumber)))).toBeLessThanOrEqual(
      Math.ceil(count / 5) + 1,
    );
  });

  test.each([0, 1, 5, 11])(
    'of %i records is the page that pageCount says, and none behind it is asked',
    async (count) => {
      const pageCount = Math.ceil(count / 5);
      const { url, asked } = await startApi(paged(count, 5, () => ({ paging: { count: pageCount } })));
      const source = pageNumberSource({ ...base, pageCount: 'paging.count' });
      expect((await exportAll(source, url)).records).toEqual(numbered(0, count));
      expect(asked).toHaveLength(Math.max(pageCount, 1));
    },
  );

  test('an empty page before the one that pageCount says is not the end', async () => {
    const { url } = await startApi(({ query }) => {
      const number = Number(query.pageNumber);
      return { entities: number === 2 ? [] : numbered(number * 5, number * 5 + 5), pageCount: 4 };
    });
    const { records } = await exportAll(pageNumberSource({ ...base, pageCount: 'pageCount' }), url);
    expect(records).toEqual([...numbered(5, 10), ...numbered(15, 25)]);
  });

  test('a short page is the end only where the caller says so', async () => {
    const short = { ...base, pageSize: 5, sizeParameter: 'pageSize' };
    const { url, asked } = await startApi(paged(8, 5));
    await exportAll(pageNumberSource({ ...short, lastPage: 'short' }), url);
    expect(asked).toHaveLength(2);
    expect(asked[1]?.query).toEqual({ pageNumber: '2', pageSize: '5' });
    // This one gives no more than 3 a page, whatever it is asked for.
    const limited = await startApi(paged(8, 3));
    expect((await exportAll(pageNumberSource(short), limited.url)).records).toEqual(numbered(0, 8));
  });

  test('an answer without the list is the end only where the caller says so', async () => {
    const { url } = await startApi(({ query }) =>
      query.pageNumber === '1' ? { entities: numbered(0, 2) } : {},
    );
    const error = await failure(exportAll(pageNumberSource(base), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain(
      'GET /users was answered with an object of which it has no entities, but nothing',
    );
    const source = pageNumberSource({ ...base, emptyPage: 'absent' });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 2));
  });

  test('a status is the end only where the caller says so, and 404 never on the first page', async () => {
    for (const status of [204, 404] as const) {
      const { url } = await startApi(({ path, query }, response) => {
        if (path === '/users' && query.pageNumber === '1') return { entities: numbered(0, 2) };
        response.writeHead(status).end();
        return undefined;
      });
      const source = pageNumberSource({ ...base, emptyStatus: status });
      expect((await exportAll(source, url)).records).toEqual(numbered(0, 2));
      const unsaid = exportAll(pageNumberSource(base), url);
      await failure(unsaid, status === 204 ? 'ERR_UNEXPECTED_ANSWER' : 'ERR_REQUEST');
      const first = exportAll(pageNumberSource({ ...base, url: '/misspelt', emptyStatus: status }), url);
      if (status === 204) expect((await first).records).toEqual([]);
      else await failure(first, 'ERR_REQUEST');
    }
  });
});

describe('what is neither a page nor the end', () => {
  test.each([
    ['HTML', '<html>Please log in</html>', 'text/html', 'with HTML or XML (text/html)'],
    ['half a JSON', '{"entities":[{"id":', 'application/json', 'a text that is no JSON'],
    ['nothing', '', 'application/json', 'with nothing'],
    ['a list', '[]', 'application/json', 'with a list'],
    ['another list', '{"results":[]}', 'application/json', 'it has no entities, but results'],
    ['null', '{"entities":null}', 'application/json', 'its entities is nothing'],
    ['an object', '{"entities":{"id":1}}', 'application/json', 'its entities is a object'],
  ])('%s', async (_, body, type, message) => {
    const { url } = await startApi((__, response) => {
      response.writeHead(200, { 'content-type': type }).end(body);
    });
    const error = await failure(exportAll(pageNumberSource(base), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain(message);
  });

  test('an error that the instance lets pass', async () => {
    const { url } = await startApi((_, response) => {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{}');
    });
    const api = axios.create({ baseURL: url, validateStatus: () => true });
    const source = pageNumberSource({ ...base, emptyPage: 'absent' });
    await failure(exportAll(source, url, { api }), 'ERR_REQUEST');
  });

  test('a page count or a total that is not there', async () => {
    const { url } = await startApi(paged(8, 5));
    const counted = exportAll(pageNumberSource({ ...base, pageCount: 'pages' }), url);
    expect((await failure(counted, 'ERR_UNEXPECTED_ANSWER')).message).toContain('no number in pages');
    const totalled = exportAll(pageNumberSource({ ...base, total: 'total' }), url);
    expect((await failure(totalled, 'ERR_UNEXPECTED_ANSWER')).message).toContain('no number in total');
  });

  test('a record without the id', async () => {
    const { url } = await startApi(paged(8, 5));
    const run = exportAll(pageNumberSource({ ...base, id: 'key' }), url);
    expect((await failure(run, 'ERR_UNEXPECTED_ANSWER')).message).toContain('without the id key');
  });
});

describe('where things are', () => {
  test('a list by itself, a dotted path, a name that has dots', async () => {
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

  test('in the body of a POST, beside what is there', async () => {
    const { url, asked } = await startApi(({ body }) => {
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
    expect(asked[0]?.body).toEqual({ filter: 'x', paging: { sort: 'asc', pageNumber: 1, pageSize: 2 } });
  });

  test('records with the same id are written once', async () => {
    const { url } = await startApi(({ query }) => {
      const from = (Number(query.pageNumber) - 1) * 4;
      return { entities: numbered(from, Math.min(from + 5, 10)) };
    });
    const { records, summary } = await exportAll(pageNumberSource({ ...base, id: 'id' }), url);
    expect(records).toEqual(numbered(0, 10));
    expect(summary.repeated).toBe(2);
  });
});

describe('a total that lies', () => {
  test('more than there is ends with an error that names both, and is accepted on demand', async () => {
    const { url } = await startApi(paged(97, 10, () => ({ total: 100 })));
    const api = axios.create({ baseURL: url });
    const options = { ...base, total: 'total', pageSize: 10 };
    const error = await failure(exportInRuns(pageNumberSource(options), api, []), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain('there are 100 records, but ended after 97: 3 are missing');
    expect(error.message).toContain('--total-tolerance) of 0.03');
    const accepted = pageNumberSource({ ...options, totalTolerance: 0.03 });
    expect((await exportAll(accepted, url)).records).toEqual(numbered(0, 97));
    const strict = pageNumberSource({ ...options, totalTolerance: 0.029 });
    await failure(exportAll(strict, url), 'ERR_TOTAL_MISMATCH');
  });

  test('less than there is loses nothing', async () => {
    const { url } = await startApi(paged(50, 10, () => ({ total: 20 })));
    const source = pageNumberSource({ ...base, total: 'total', pageSize: 10 });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 50));
  });

  test('counts what earlier runs received, and is known where only the first page says it', async () => {
    const { url } = await startApi(paged(50, 10, (number) => (number === 1 ? { total: 60 } : {})));
    const source = pageNumberSource({ ...base, total: 'total', pageSize: 10 });
    const api = axios.create({ baseURL: url });
    const run = exportInRuns(source, api, [2, 1]);
    expect((await failure(run, 'ERR_TOTAL_MISMATCH')).message).toContain('60 records, but ended after 50');
    const whole = await startApi(paged(60, 10, (number) => (number === 1 ? { total: 60 } : {})));
    const fine = await exportInRuns(source, axios.create({ baseURL: whole.url }), [2, 1]);
    expect(fine.text).toBe(lines(numbered(0, 60)));
  });
});

describe('offsets', () => {
  /** Gives no more than `limit` at once, whatever it is asked for. */
  const offset =
    (count: number, limit: number) =>
    ({ query }: Asked) => {
      const skip = Number(query.skip);
      return {
        rows: numbered(skip, Math.min(skip + Math.min(Number(query.top), limit), count)),
        total: count,
      };
    };

  test('an API whose pages are smaller than asked for loses nothing', async () => {
    const { url, asked } = await startApi(offset(100, 7));
    const source = offsetSource({ url: '/rows', items: 'rows', total: 'total', pageSize: 20 });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 100));
    // What was fetched ahead at the wrong places is fetched again once.
    expect(asked.length).toBeLessThan(30);
  });

  test('an API whose pages are larger than asked for repeats nothing', async () => {
    const { url } = await startApi(({ query }) => {
      const skip = Number(query.skip);
      return { rows: numbered(skip, Math.min(skip + 15, 100)), total: 100 };
    });
    const source = offsetSource({ url: '/rows', items: 'rows', total: 'total', pageSize: 10 });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 100));
  });

  test('is the same file wherever it is cut, with or without a total', async () => {
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

describe('several pages at a time', () => {
  test('where the total is known, never more than allowed, in order', async () => {
    let underWay = 0;
    let most = 0;
    const { url, asked } = await startApi(async (question) => {
      most = Math.max(most, ++underWay);
      await delay(question.query.pageNumber === '2' ? 30 : 5);
      underWay--;
      return paged(100, 5, () => ({ total: 100 }))(question);
    });
    const source = pageNumberSource({ ...base, total: 'total', pageSize: 5 });
    expect((await exportAll(source, url, { readAhead: 4 })).records).toEqual(numbered(0, 100));
    expect(most).toBe(4);
    expect(asked).toHaveLength(21);
  });

  test.each([{ total: 'total' }, {}])(
    'the API is not asked for more than is consumed and 3 pages (%j)',
    async (more) => {
      const { url, asked } = await startApi(paged(500, 5, () => ({ total: 500 })));
      const source = pageNumberSource({ ...base, pageSize: 5, ...more });
      const beyond: number[] = [];
      const slow = {
        ...source,
        async *read(context: Parameters<typeof source.read>[0]) {
          let consumed = 0;
          for await (const page of source.read(context)) {
            consumed++;
            yield page;
            if (consumed === 3) await expect.poll(() => asked.length - consumed).toBeGreaterThanOrEqual(2);
            beyond.push(asked.length - consumed);
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

test('an API that does not heed the parameter ends with an error, not with a full disk', async () => {
  const { url, asked } = await startApi(() => ({ entities: numbered(0, 5), total: 50 }));
  const source = pageNumberSource({ ...base, parameter: 'pagenumber', total: 'total' });
  const error = await failure(exportAll(source, url), 'ERR_PAGE_LOOP');
  expect(error.message).toContain('does not heed pagenumber');
  expect(asked.length).toBeLessThan(10);
});

test('an API with one record that does not heed the parameter ends with an error too, also when resumed', async () => {
  const { url, asked } = await startApi(() => ({ entities: numbered(0, 1), total: 1 }));
  const source = pageNumberSource({ ...base, parameter: 'pagenumber', total: 'total', id: 'id' });
  const api = axios.create({ baseURL: url, proxy: false });
  await failure(exportInRuns(source, api, [30, 30]), 'ERR_PAGE_LOOP');
  expect(asked.length).toBeLessThan(150);
});

test('pages of one record each may be alike', async () => {
  const { url } = await startApi(({ query }) => ({
    entities: Number(query.pageNumber) > 30 ? [] : [{ state: 'ok' }],
  }));
  expect((await exportAll(pageNumberSource(base), url)).records).toHaveLength(30);
});

test('wrong options are all named at once', () => {
  const wrong = {
    url: '/users?pageNumber=3',
    items: 4,
    data: {},
    in: 'body',
    totalTolerance: 2,
    pageSize: 0,
  } as unknown;
  expect(() => pageNumberSource(wrong as Parameters<typeof pageNumberSource>[0])).toThrow(
    /items must say.*data is for method post.*in: 'body' is for.*totalTolerance.*pageSize must be/,
  );
  const own = { url: '/users?pageNumber=3', items: 'entities', params: { top: 5 }, sizeParameter: 'top' };
  expect(() => pageNumberSource(own)).toThrow(
    /pageNumber is set by the source itself.*top is set by the source itself.*sizeParameter needs/,
  );
  const inBody = { url: '/q', method: 'post', items: 'e', data: { paging: { skip: 1 } } } as const;
  expect(() => offsetSource({ ...inBody, skipParameter: 'paging.skip' })).toThrow('paging.skip is set');
});

test('how the end is known can be corrected without beginning anew', () => {
  const query = (more: object) => pageNumberSource({ ...base, ...more }).query;
  expect(query({ emptyPage: 'absent', emptyStatus: 204, total: 'total', totalTolerance: 0.5 })).toEqual(
    query({}),
  );
  expect(query({ params: { a: 1 } })).not.toEqual(query({}));
  expect(query({ pageSize: 7 })).not.toEqual(query({}));
});
