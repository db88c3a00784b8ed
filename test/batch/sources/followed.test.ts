import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cursorSource, linkSource } from '../../../src/batch/index.ts';
import { genesysCloud } from '../../../src/vendors/genesys-cloud.ts';
import { failure } from '../../support/batch.ts';
import { exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';
import { delay } from '../../support/fixture.ts';
import { attached, startSimulator } from '../../support/simulated.ts';

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

const byCursor = { url: '/audits', items: 'rows', cursor: 'cursors.after', parameter: 'after' };
const byLink = { url: '/users', items: 'rows', next: 'nextUri' };

/** Gives `count` records by cursors, 5 at a time. */
const startCursorApi = (count: number, more: object = {}) =>
  startApi(({ query }) => {
    const from = Number(query.after ?? 0);
    const after = from + 5 < count ? `${from + 5}` : null;
    return { rows: numbered(from, Math.min(from + 5, count)), cursors: { after }, ...more };
  });

/** Gives 3 pages of 2; `link` says what leads to a page. */
const startLinkApi = (link: (number: number, url: string) => unknown) =>
  startApi(({ query }, _, { headers }) => {
    const number = Number(query.page ?? 1);
    const rows = numbered(number * 2 - 2, number * 2);
    return number < 3 ? { rows, nextUri: link(number + 1, `http://${headers.host}`) } : { rows };
  });

describe('cursors', () => {
  test('lead to the end: absent, null or empty', async () => {
    for (const end of [undefined, null, '']) {
      const { url } = await startApi(({ query }) =>
        query.after
          ? { rows: numbered(2, 4), cursors: { after: end } }
          : { rows: numbered(0, 2), cursors: { after: 7 } },
      );
      expect((await exportAll(cursorSource(byCursor), url)).records).toEqual(numbered(0, 4));
    }
  });

  test('a page without records is not the end', async () => {
    const { url } = await startApi(({ query }) =>
      query.after ? { rows: numbered(0, 2) } : { rows: [], cursors: { after: 'x' } },
    );
    expect((await exportAll(cursorSource(byCursor), url)).records).toEqual(numbered(0, 2));
  });

  test('go in the body of a POST too, beside what was asked', async () => {
    const { url, asked } = await startApi(({ body }) => {
      const { page } = body as { page?: { after?: string } };
      return page?.after ? { rows: numbered(2, 4) } : { rows: numbered(0, 2), cursors: { after: 'x' } };
    });
    const post = { ...byCursor, method: 'post', data: { q: 1 }, parameter: 'page.after' } as const;
    expect((await exportAll(cursorSource(post), url)).records).toEqual(numbered(0, 4));
    expect(asked.map(({ body }) => body)).toEqual([{ q: 1 }, { q: 1, page: { after: 'x' } }]);
  });

  test('that are none, and answers without the list, are errors', async () => {
    for (const [answer, message] of [
      [{ rows: [], cursors: { after: { a: 1 } } }, 'has {"a":1} as cursors.after: no cursor'],
      [{ cursors: { after: 'x' } }, 'it has no rows, but cursors'],
      [{}, 'nothing at all'],
      ['<!doctype html>', 'HTML'],
    ] as const) {
      const { url } = await startApi((_, response) => {
        response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
      });
      const error = await failure(exportAll(cursorSource(byCursor), url), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain(message);
    }
  });

  test('that are not heeded, or lead in a circle, end the export before anything is written twice', async () => {
    const next: Record<string, string> = { '': 'a', a: 'b', b: 'c', c: 'a' };
    const { url } = await startApi(({ query }) => {
      const at = query.after ?? '';
      return { rows: [{ at }], cursors: { after: next[at] } };
    });
    const api = axios.create({ baseURL: url });
    const circle = exportInRuns(cursorSource(byCursor), api, [2]);
    await failure(circle, 'ERR_PAGE_LOOP');
    const ignored = exportInRuns(cursorSource({ ...byCursor, parameter: 'aftr' }), api, []);
    await failure(ignored, 'ERR_PAGE_LOOP');
  });

  test('a wrong path for the cursor is found out where the total is known', async () => {
    const { url } = await startCursorApi(12, { total: 12 });
    const wrong = cursorSource({ ...byCursor, cursor: 'cursor.after', total: 'total' });
    expect((await failure(exportAll(wrong, url), 'ERR_TOTAL_MISMATCH')).message).toContain('7 are missing');
  });

  test('a total that was missed is accepted on demand, with what was there kept', async () => {
    const { url, asked } = await startCursorApi(12, { total: 20 });
    const api = axios.create({ baseURL: url });
    const strict = cursorSource({ ...byCursor, total: 'total' });
    const read: unknown[] = [];
    const context = {
      readAhead: 0,
      signal: new AbortController().signal,
      clock: Date as never,
      random: Math.random,
    };
    const request = <T>(config: object) => api.request<T>(config);
    let from: Parameters<typeof strict.read>[0]['from'];
    const consume = async (source: typeof strict) => {
      for await (const page of source.read({ ...context, request, from })) {
        read.push(...page.items);
        from = page.next;
      }
    };
    await failure(consume(strict), 'ERR_TOTAL_MISMATCH');
    expect(read).toEqual(numbered(0, 12));
    const before = asked.length;
    await consume(cursorSource({ ...byCursor, total: 'total', totalTolerance: 0.4 }));
    expect(read).toHaveLength(12);
    expect(asked).toHaveLength(before);
  });

  test('are read ahead of being written, and no further than allowed', async () => {
    const { url, asked } = await startCursorApi(200);
    const source = cursorSource(byCursor);
    const slow = {
      ...source,
      async *read(context: Parameters<typeof source.read>[0]) {
        for await (const page of source.read(context)) {
          await expect.poll(() => asked.length).toBe(4);
          await delay(30);
          expect(asked.length).toBe(4);
          yield page;
          return;
        }
      },
    };
    await exportAll(slow, url, { readAhead: 3 });
  });

  test('are the same file wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
        fc.nat(4),
        async (count, stops, readAhead) => {
          const { url } = await startCursorApi(count, { total: count });
          const api = axios.create({ baseURL: url });
          const source = cursorSource({ ...byCursor, total: 'total' });
          const { text } = await exportInRuns(source, api, stops, { readAhead });
          expect(text).toBe(lines(numbered(0, count)));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('links', () => {
  test.each([
    ['absolute', (number: number, url: string) => `${url}/users?page=${number}`],
    ['of the host', (number: number) => `/users?page=${number}`],
    ['of the page', (number: number) => `?page=${number}`],
    ['an object of HAL', (number: number) => ({ href: `users?page=${number}#top` })],
    ['without a scheme', (number: number, url: string) => `${url.replace('http:', '')}/users?page=${number}`],
  ])('%s', async (_, link) => {
    const { url, asked } = await startLinkApi(link);
    const { records } = await exportAll(linkSource({ ...byLink, params: { page: 1, sort: 'a' } }), url);
    expect(records).toEqual(numbered(0, 6));
    expect(asked.map(({ query }) => query)).toEqual([{ page: '1', sort: 'a' }, { page: '2' }, { page: '3' }]);
  });

  test('are asked for by GET, whatever the first request was', async () => {
    const { url, asked } = await startLinkApi((number) => `?page=${number}`);
    const source = linkSource({ ...byLink, method: 'post', data: { q: 1 } });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 6));
    expect(asked.map(({ method, body }) => [method, body])).toEqual([
      ['POST', { q: 1 }],
      ['GET', undefined],
      ['GET', undefined],
    ]);
  });

  test('work with a base URL that has a path, with every adapter, and where absolute URLs are not allowed', async () => {
    const { url } = await startLinkApi((number) => `/v2/users?page=${number}`);
    for (const more of [
      {},
      { adapter: 'fetch' },
      { maxRedirects: 0 },
      { allowAbsoluteUrls: false },
    ] as const) {
      const api = axios.create({ baseURL: `${url}/v2/`, proxy: false, ...more });
      expect((await exportAll(linkSource(byLink), url, { api })).records).toEqual(numbered(0, 6));
    }
  });

  test.each([
    ['another host', (number: number) => `http://elsewhere.test/users?page=${number}`],
    ['another port', (number: number) => `http://127.0.0.1:9/users?page=${number}`],
    [
      'another scheme',
      (number: number, url: string) => `${url.replace('http:', 'https:')}/users?page=${number}`,
    ],
    ['credentials', (_: number, url: string) => url.replace('//', '//me:s3cret@')],
    ['a scheme that is none of the web', () => 'file:///etc/passwd'],
  ])('to %s are refused and not asked for', async (_, link) => {
    const { url, asked } = await startLinkApi(link);
    const error = await failure(exportAll(linkSource(byLink), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toMatch(/names a next page (on|with credentials)/);
    expect(error.message).not.toContain('s3cret');
    expect(asked).toHaveLength(1);
  });

  test('that are no text are errors', async () => {
    for (const link of [7, true, {}, ['x'], 'http://']) {
      const { url } = await startLinkApi(() => link);
      const error = await failure(exportAll(linkSource(byLink), url), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain('not a URL');
    }
  });

  test('a redirect does not decide where links may lead', async () => {
    const other = await startLinkApi((number) => `?page=${number}`);
    const { url } = await startApi((_, response) => {
      response.writeHead(302, { location: `${other.url}/users` }).end();
    });
    const own = await startLinkApi((number) => `${other.url}/users?page=${number}`);
    const redirected = exportAll(linkSource(byLink), url);
    // Relative to the page that was asked for: that leads back to it, and not to the other host.
    await failure(redirected, 'ERR_PAGE_LOOP');
    await failure(exportAll(linkSource(byLink), own.url), 'ERR_UNEXPECTED_ANSWER');
    expect(other.asked.map(({ query }) => query.page)).not.toContain('3');
  });

  test.each([
    ['the first page', (number: number) => (number === 2 ? '?page=2' : '/users?b=2&a=1')],
    ['itself', () => '?page=2'],
  ])('that lead back to %s end the export before anything is written twice', async (_, link) => {
    const { url } = await startApi(({ query }) => {
      const number = Number(query.page ?? 1);
      return { rows: numbered(number * 2 - 2, number * 2), nextUri: link(number + 1) };
    });
    const api = axios.create({ baseURL: url });
    const source = linkSource({ ...byLink, params: { a: 1, b: 2 } });
    for (const stops of [[], [1]]) await failure(exportInRuns(source, api, stops), 'ERR_PAGE_LOOP');
  });

  test.each([{ key: 'k3y' }, new URLSearchParams({ key: 'k3y' })])(
    'do not keep what the instance adds to each query: %o',
    async (params) => {
      const { url, asked } = await startApi(({ query }) => {
        const number = Number(query.page ?? 1);
        const rows = numbered(number * 2 - 2, number * 2);
        return number < 3 ? { rows, nextUri: `?key=${query.key}&page=${number + 1}` } : { rows };
      });
      const api = axios.create({ baseURL: url, params });
      const source = linkSource(byLink);
      const cursors: unknown[] = [];
      const watched = {
        ...source,
        async *read(context: Parameters<typeof source.read>[0]) {
          for await (const page of source.read(context)) {
            cursors.push(page.next);
            yield page;
          }
        },
      };
      expect((await exportAll(watched, url, { api })).records).toEqual(numbered(0, 6));
      expect(JSON.stringify(cursors)).toContain('page=3');
      expect(JSON.stringify(cursors)).not.toContain('k3y');
      expect(asked.map(({ query }) => query)).toEqual([
        { key: 'k3y' },
        { key: 'k3y', page: '2' },
        { key: 'k3y', page: '3' },
      ]);
    },
  );

  test('work where the plugin knows the base URL, and the token goes along', async () => {
    const { url, clientId, clientSecret, interval, counts } = await startSimulator({
      records: 120,
      revokeEvery: 2,
    });
    const api = attached(genesysCloud({ envUrl: url, clientId, clientSecret }));
    const [dateFrom = '', dateTo = ''] = interval.split('/');
    const source = linkSource({
      url: '/api/v2/analytics/conversations/details/query',
      method: 'post',
      data: { dateFrom, dateTo, size: 50 },
      items: 'results',
      next: 'nextPage',
    });
    expect((await exportAll(source, url, { api })).records).toHaveLength(120);
    expect(counts.unauthorized).toBe(1);
  });

  test('are the same file wherever they are cut', async () => {
    const { url } = await startLinkApi((number) => `?page=${number}`);
    const api = axios.create({ baseURL: url });
    for (const stops of [[], [1], [2], [3], [1, 1], [1, 1, 1]]) {
      expect((await exportInRuns(linkSource(byLink), api, stops)).text).toBe(lines(numbered(0, 6)));
    }
  });
});

test('wrong options are named', () => {
  expect(() => cursorSource({ url: '/a', items: 'rows', cursor: '', params: { cursor: 'x' } })).toThrow(
    /cursor is set by the source itself.*cursor must say where/,
  );
  expect(() => linkSource({ url: '/a', items: 'rows', next: '' })).toThrow('next must say where the link is');
});
