import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cursorSource, type Json, linkSource, type Page } from '../../../src/batch/index.ts';
import { systemClock } from '../../../src/core/internal.ts';
import { genesysCloud } from '../../../src/vendors/genesys-cloud.ts';
import { failure } from '../../support/batch.ts';
import { exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';
import { delay } from '../../support/fixture.ts';
import { attached, startSimulator } from '../../support/simulated.ts';

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

const byCursor = { url: '/audits', items: 'rows', cursor: 'cursors.after', parameter: 'after' };
const byLink = { url: '/users', items: 'rows', next: 'nextUri' };

/** Starts an API that returns `count` records with cursors, 5 per page. */
const startCursorApi = (count: number, more: object = {}) =>
  startApi(({ query }) => {
    const from = Number(query.after ?? 0);
    const after = from + 5 < count ? `${from + 5}` : null;
    return { rows: numbered(from, Math.min(from + 5, count)), cursors: { after }, ...more };
  });

/** Starts an API with 3 pages of 2 records. `link` returns the link to a page. */
const startLinkApi = (link: (number: number, url: string) => unknown) =>
  startApi(({ query }, _, { headers }) => {
    const number = Number(query.page ?? 1);
    const rows = numbered(number * 2 - 2, number * 2);
    return number < 3 ? { rows, nextUri: link(number + 1, `http://${headers.host}`) } : { rows };
  });

describe('cursorSource', () => {
  it('ends at a cursor that is absent, null or empty', async () => {
    for (const end of [undefined, null, '']) {
      const { url } = await startApi(({ query }) =>
        query.after
          ? { rows: numbered(2, 4), cursors: { after: end } }
          : { rows: numbered(0, 2), cursors: { after: 7 } },
      );
      expect((await exportAll(cursorSource(byCursor), url)).records).toEqual(numbered(0, 4));
    }
  });

  it('does not end at a page without records', async () => {
    const { url } = await startApi(({ query }) =>
      query.after ? { rows: numbered(0, 2) } : { rows: [], cursors: { after: 'x' } },
    );
    expect((await exportAll(cursorSource(byCursor), url)).records).toEqual(numbered(0, 2));
  });

  it('ignores a total of 0 on an empty last page', async () => {
    const { url } = await startApi(({ query }) =>
      query.after
        ? { rows: [], total: 0 }
        : { rows: numbered(0, 2), total: Number(query.stated), cursors: { after: 'x' } },
    );
    const source = (stated: number) => cursorSource({ ...byCursor, params: { stated }, total: 'total' });
    expect((await exportAll(source(2), url)).summary).toMatchObject({ stated: 2, missing: 0, warnings: [] });
    await expect(exportAll(source(3), url)).rejects.toThrow(
      'stated 3 records, but returned 2 different ones',
    );
  });

  it('sends the cursor in the body of a POST, next to the other members', async () => {
    const { url, requests } = await startApi(({ body }) => {
      const { page } = body as { page?: { after?: string } };
      return page?.after ? { rows: numbered(2, 4) } : { rows: numbered(0, 2), cursors: { after: 'x' } };
    });
    const post = { ...byCursor, method: 'post', data: { q: 1 }, parameter: 'page.after' } as const;
    expect((await exportAll(cursorSource(post), url)).records).toEqual(numbered(0, 4));
    expect(requests.map(({ body }) => body)).toEqual([{ q: 1 }, { q: 1, page: { after: 'x' } }]);
  });

  it('fails for an invalid cursor and for a response without the list', async () => {
    for (const [answer, message] of [
      [
        { rows: [], cursors: { after: { a: 1 } } },
        'returned {"a":1} as cursors.after, which is not a cursor',
      ],
      [{ cursors: { after: 'x' } }, 'without rows. It has cursors'],
      [{}, 'It has no members'],
      ['<!doctype html>', 'HTML'],
    ] as const) {
      const { url } = await startApi((_, response) => {
        response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
      });
      const error = await failure(exportAll(cursorSource(byCursor), url), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain(message);
    }
  });

  it('ends the export before records repeat if the API ignores the cursor or its pages form a loop', async () => {
    const next: Record<string, string> = { '': 'a', a: 'b', b: 'c', c: 'a' };
    const { url } = await startApi(({ query }) => {
      const at = query.after ?? '';
      return { rows: [{ at }], cursors: { after: next[at] } };
    });
    const api = axios.create({ baseURL: url });
    const loop = exportInRuns(cursorSource(byCursor), api, [2]);
    await failure(loop, 'ERR_PAGE_LOOP');
    const ignored = exportInRuns(cursorSource({ ...byCursor, parameter: 'aftr' }), api, []);
    await failure(ignored, 'ERR_PAGE_LOOP');
  });

  it('detects a wrong path of the cursor if the total is known', async () => {
    const { url } = await startCursorApi(12, { total: 12 });
    const wrong = cursorSource({ ...byCursor, cursor: 'cursor.after', total: 'total' });
    expect((await failure(exportAll(wrong, url), 'ERR_TOTAL_MISMATCH')).message).toMatch(/\b12\b.*\b5\b/);
  });

  it('returns the end of the window again, with another tolerance, if it starts after the last page', async () => {
    const { url, requests } = await startCursorApi(12, { total: 20 });
    const request = axios.create({ baseURL: url }).request;
    const context = {
      readAhead: 0,
      signal: new AbortController().signal,
      clock: systemClock,
      random: Math.random,
      request,
    };
    const pagesOf = async (totalTolerance: number, from?: Json) => {
      const source = cursorSource({ ...byCursor, total: 'total', totalTolerance });
      const pages: Page[] = [];
      for await (const page of source.read({ ...context, from })) pages.push(page);
      return pages;
    };
    const pages = await pagesOf(0);
    const end = { items: [], stated: 20, end: { label: 'GET /audits', tolerance: 0 } };
    expect(pages.flatMap(({ items }) => items)).toEqual(numbered(0, 12));
    expect(pages.map(({ stated }) => stated)).toEqual([20, 20, 20, 20]);
    expect(pages.at(-1)).toEqual(end);
    const before = requests.length;
    expect(await pagesOf(0.4, pages.at(-2)?.next)).toEqual([{ ...end, end: { ...end.end, tolerance: 0.4 } }]);
    expect(requests).toHaveLength(before);
  });

  it('reads at most readAhead pages ahead of writing', async () => {
    const { url, requests } = await startCursorApi(200);
    const source = cursorSource(byCursor);
    const slow = {
      ...source,
      async *read(context: Parameters<typeof source.read>[0]) {
        for await (const page of source.read(context)) {
          await expect.poll(() => requests.length).toBe(4);
          await delay(30);
          expect(requests.length).toBe(4);
          yield page;
          return;
        }
      },
    };
    await exportAll(slow, url, { readAhead: 3 });
  });

  it('produces the same file for any interruptions', async () => {
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

describe('linkSource', () => {
  it.each([
    ['an absolute link', (number: number, url: string) => `${url}/users?page=${number}`],
    ['a link relative to the host', (number: number) => `/users?page=${number}`],
    ['a link relative to the page', (number: number) => `?page=${number}`],
    ['a HAL object', (number: number) => ({ href: `users?page=${number}#top` })],
    [
      'a link without a scheme',
      (number: number, url: string) => `${url.replace('http:', '')}/users?page=${number}`,
    ],
  ])('follows %s', async (_, link) => {
    const { url, requests } = await startLinkApi(link);
    const { records } = await exportAll(linkSource({ ...byLink, params: { page: 1, sort: 'a' } }), url);
    expect(records).toEqual(numbered(0, 6));
    expect(requests.map(({ query }) => query)).toEqual([
      { page: '1', sort: 'a' },
      { page: '2' },
      { page: '3' },
    ]);
  });

  it('requests links with GET, also after a first request with POST', async () => {
    const { url, requests } = await startLinkApi((number) => `?page=${number}`);
    const source = linkSource({ ...byLink, method: 'post', data: { q: 1 } });
    expect((await exportAll(source, url)).records).toEqual(numbered(0, 6));
    expect(requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', { q: 1 }],
      ['GET', undefined],
      ['GET', undefined],
    ]);
  });

  it('works with a base URL with a path, with every adapter, and with allowAbsoluteUrls: false', async () => {
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

  it.each([
    ['another host', (number: number) => `http://elsewhere.test/users?page=${number}`],
    ['another port', (number: number) => `http://127.0.0.1:9/users?page=${number}`],
    [
      'another scheme',
      (number: number, url: string) => `${url.replace('http:', 'https:')}/users?page=${number}`,
    ],
    ['a URL with credentials', (_: number, url: string) => url.replace('//', '//me:s3cret@')],
    ['a scheme other than http or https', () => 'file:///etc/passwd'],
  ])('refuses a link to %s, and sends no request to it', async (_, link) => {
    const { url, requests } = await startLinkApi(link);
    const error = await failure(exportAll(linkSource(byLink), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toMatch(/names a next page (on|with credentials)/);
    expect(error.message).not.toContain('s3cret');
    expect(requests).toHaveLength(1);
  });

  it('fails for a link that is not a valid URL', async () => {
    for (const link of [7, true, {}, ['x'], 'http://']) {
      const { url } = await startLinkApi(() => link);
      const error = await failure(exportAll(linkSource(byLink), url), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain('not a valid URL');
    }
  });

  it('does not allow the origin of a redirect for links', async () => {
    const other = await startLinkApi((number) => `?page=${number}`);
    const { url } = await startApi((_, response) => {
      response.writeHead(302, { location: `${other.url}/users` }).end();
    });
    const own = await startLinkApi((number) => `${other.url}/users?page=${number}`);
    const redirected = exportAll(linkSource(byLink), url);
    // The link is relative to the requested page, so it names that page again and not the other host.
    await failure(redirected, 'ERR_PAGE_LOOP');
    await failure(exportAll(linkSource(byLink), own.url), 'ERR_UNEXPECTED_ANSWER');
    expect(other.requests.map(({ query }) => query.page)).not.toContain('3');
  });

  it.each([
    ['the first page', (number: number) => (number === 2 ? '?page=2' : '/users?b=2&a=1')],
    ['its own page', () => '?page=2'],
  ])('ends the export before records repeat if a link leads back to %s', async (_, link) => {
    const { url } = await startApi(({ query }) => {
      const number = Number(query.page ?? 1);
      return { rows: numbered(number * 2 - 2, number * 2), nextUri: link(number + 1) };
    });
    const api = axios.create({ baseURL: url });
    const source = linkSource({ ...byLink, params: { a: 1, b: 2 } });
    for (const stops of [[], [1]]) await failure(exportInRuns(source, api, stops), 'ERR_PAGE_LOOP');
  });

  it.each([{ key: 'k3y' }, new URLSearchParams({ key: 'k3y' })])(
    'removes the params %o of the instance from stored links',
    async (params) => {
      const { url, requests } = await startApi(({ query }) => {
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
      expect(requests.map(({ query }) => query)).toEqual([
        { key: 'k3y' },
        { key: 'k3y', page: '2' },
        { key: 'k3y', page: '3' },
      ]);
    },
  );

  it('follows links with the token if only the plugin knows the base URL', async () => {
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

  it('produces the same file for any interruptions', async () => {
    const { url } = await startLinkApi((number) => `?page=${number}`);
    const api = axios.create({ baseURL: url });
    for (const stops of [[], [1], [2], [3], [1, 1], [1, 1, 1]]) {
      expect((await exportInRuns(linkSource(byLink), api, stops)).text).toBe(lines(numbered(0, 6)));
    }
  });
});

it('cursorSource and linkSource list all invalid options in one error', () => {
  expect(() => cursorSource({ url: '/a', items: 'rows', cursor: '', params: { cursor: 'x' } })).toThrow(
    /cursor is set by the source.*cursor must be the path/,
  );
  expect(() => linkSource({ url: '/a', items: 'rows', next: '' })).toThrow(
    'next must be the path of the link',
  );
});
