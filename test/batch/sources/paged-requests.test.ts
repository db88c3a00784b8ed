import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  cursorSource,
  ExactNumber,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../../src/batch/index.ts';
import { exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';

const page = { url: '/users', items: 'rows' };

const SOURCES: [name: string, source: (more: object) => PageSource][] = [
  ['pageNumberSource', (more) => pageNumberSource({ ...page, ...more })],
  ['offsetSource', (more) => offsetSource({ ...page, ...more })],
  ['cursorSource', (more) => cursorSource({ ...page, cursor: 'cursor', ...more })],
  ['linkSource', (more) => linkSource({ ...page, next: 'next', ...more })],
];

/** Starts an API that answers with JSON texts. */
function startTexts(answer: (query: Record<string, string>, body: string) => string) {
  return startApi(({ query }, response, { body }) => {
    response.setHeader('content-type', 'application/json');
    response.end(answer(query, body.toString()));
  });
}

describe.each(SOURCES)('%s', (_, source) => {
  it('sends lists as repeated parameters', async () => {
    const queries: string[] = [];
    const { url } = await startApi((__, ___, request) => {
      queries.push(new URL(request.url, 'http://localhost').search);
      return { rows: [] };
    });
    await exportAll(source({ params: { expand: ['a', 'b'], one: 'c' } }), url);
    expect(queries[0]).toContain('expand=a&expand=b&one=c');
    const bracketed = axios.create({ baseURL: url, proxy: false, paramsSerializer: { indexes: false } });
    await exportAll(source({ params: { expand: ['a', 'b'] } }), url, { api: bracketed });
    expect(decodeURIComponent(queries.at(-1) ?? '')).toContain('expand[]=a&expand[]=b');
  });

  it('keeps the digits of ids, and rounds them without exactNumbers', async () => {
    const ids = ['9007199254740992', '9007199254740993', '"1"', '1', '1e400'];
    const { url } = await startTexts(({ pageNumber = '1', skip = '0' }) =>
      pageNumber === '1' && skip === '0'
        ? `{"rows":[${ids.map((id) => `{"deep":[{"id":${id}}]}`)}],"total":5}`
        : '{"rows":[],"total":5}',
    );
    const api = axios.create({ baseURL: url, proxy: false });
    for (const id of ['deep.0.id', 'deep[0].id']) {
      const { text } = await exportInRuns(source({ id, total: 'total' }), api, []);
      expect(text).toBe(ids.map((value) => `{"deep":[{"id":${value}}]}\n`).join(''));
    }
    const rounded = await exportAll(source({ exactNumbers: false }), url);
    expect(rounded.records).not.toContainEqual({ deep: [{ id: new ExactNumber('9007199254740993') }] });
    // Two rounded ids can be equal.
    const byRoundedId = exportAll(source({ id: 'deep.0.id', exactNumbers: false }), url);
    await expect(byRoundedId).rejects.toThrow('returned the id 9007199254740992, which may have lost digits');
  });

  it('refuses a total that is not a whole number that JavaScript can represent', async () => {
    const total = { total: 'total', totalTolerance: 1 };
    for (const wrong of ['9007199254740993', '1e400', '-1', '2.5', '"many"', '{"a":9007199254740993}']) {
      const { url } = await startTexts(() => `{"rows":[],"total":${wrong}}`);
      await expect(exportAll(source(total), url)).rejects.toThrow('must be the total number of records');
    }
  });
});

describe('cursorSource with a cursor over 2^53', () => {
  const CURSOR = '9007199254740993';

  it('sends the digits in the query and in the body, also after a resume', async () => {
    for (const more of [{}, { method: 'post', data: { q: 1 }, parameter: 'page.after' }]) {
      const sent: string[] = [];
      const { url } = await startTexts(({ cursor = '' }, body) => {
        sent.push(cursor + body);
        const isSecond = sent.at(-1)?.includes(CURSOR);
        return isSecond ? '{"rows":[{"id":2}]}' : `{"rows":[{"id":1}],"cursor":${CURSOR}}`;
      });
      const api = axios.create({ baseURL: url, proxy: false });
      const source = cursorSource({ ...page, cursor: 'cursor', ...more } as Parameters<
        typeof cursorSource
      >[0]);
      expect((await exportInRuns(source, api, [1])).text).toBe('{"id":1}\n{"id":2}\n');
      expect(sent.at(-1)).toBe('method' in more ? `{"q":1,"page":{"after":${CURSOR}}}` : CURSOR);
    }
  });
});

describe('offsetSource', () => {
  it.each([
    ['startIndex', {}, ['1', '101', '201']],
    ['startIndex', { firstOffset: 0 }, ['0', '100', '200']],
    ['start', {}, ['0', '100', '200']],
    ['start', { firstOffset: 1 }, ['1', '101', '201']],
  ])('begins %s with %j at the right number', async (skipParameter, more, starts) => {
    const users = numbered(0, 250);
    const { url, requests } = await startApi(({ query }) => {
      const from = Number(query[skipParameter]) - Number(starts[0]);
      return { rows: users.slice(from, from + Number(query.count)), total: 250 };
    });
    const source = offsetSource({ ...page, skipParameter, sizeParameter: 'count', total: 'total', ...more });
    expect((await exportAll(source, url)).records).toEqual(users);
    expect(requests.slice(0, 3).map(({ query }) => query[skipParameter])).toEqual(starts);
  });

  it('refuses an invalid firstOffset and a checkpoint of another one', () => {
    expect(() => offsetSource({ ...page, firstOffset: -1 })).toThrow('firstOffset must be a whole number');
    expect(offsetSource({ ...page, firstOffset: 1 }).query).not.toEqual(offsetSource(page).query);
  });
});

describe('linkSource behind a gateway with a path', () => {
  it.each([
    (path: string) => path,
    (path: string) => `/genesys${path}`,
    (path: string, host: string) => `http://${host}${path}`,
    (path: string, host: string) => `http://${host}/genesys${path}`,
  ])('keeps the path of the gateway in links %#, also after a resume', async (link) => {
    const { url, requests } = await startApi(({ query }, _, { headers }) => {
      const number = Number(query.page ?? 1);
      const rows = numbered(number * 2, number * 2 + 2);
      const path = `/api/v2/users?page=${number + 1}`;
      return number < 3 ? { rows, next: link(path, String(headers.host)) } : { rows };
    });
    const source = linkSource({ ...page, url: '/api/v2/users', next: 'next' });
    for (const baseURL of [`${url}/genesys`, `${url}/genesys/`]) {
      const api = axios.create({ baseURL, proxy: false });
      await exportInRuns(source, api, [1, 1]);
    }
    expect(new Set(requests.map(({ path }) => path))).toEqual(new Set(['/genesys/api/v2/users']));
  });

  it('follows links to another path only with nextPath', async () => {
    const { url } = await startApi(({ path }) =>
      path === '/search' ? { rows: numbered(0, 2), next: '/scroll?id=1' } : { rows: numbered(2, 4) },
    );
    const options = { ...page, url: '/search', next: 'next' };
    await expect(exportAll(linkSource(options), url)).rejects.toMatchObject({
      code: 'ERR_UNEXPECTED_ANSWER',
      permanent: true,
      message: expect.stringContaining('set nextPath (--next-path) to /scroll'),
    });
    const { records } = await exportAll(linkSource({ ...options, nextPath: '/scroll' }), url);
    expect(records).toEqual(numbered(0, 4));
    expect(() => linkSource({ ...options, nextPath: 'https://evil.test/' })).toThrow(
      'nextPath must be a path',
    );
  });
});
