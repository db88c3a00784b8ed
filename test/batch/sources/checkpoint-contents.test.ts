import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  cursorSource,
  cxoneCompletedContacts,
  exportRecords,
  type Json,
  jsonLinesFile,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../../src/batch/index.ts';
import { systemClock } from '../../../src/core/internal.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { numbered, startApi } from '../../support/exporting.ts';

const SECRET = 's3cr3t-value';
const page = { url: '/users', items: 'rows' };

const SOURCES: [name: string, source: (more: object) => PageSource][] = [
  ['pageNumberSource', (more) => pageNumberSource({ ...page, pageCount: 'pages', ...more })],
  ['offsetSource', (more) => offsetSource({ ...page, ...more })],
  ['cursorSource', (more) => cursorSource({ ...page, cursor: 'cursor', ...more })],
  ['linkSource', (more) => linkSource({ ...page, next: 'next', ...more })],
];

/** Starts an API with 3 pages that repeats the whole query in its links, and fails once at the third page. */
async function startEcho() {
  let hasFailed = false;
  const queries: URLSearchParams[] = [];
  const { url } = await startApi((_, response, { url: address }) => {
    const { pathname, searchParams: query } = new URL(address, 'http://localhost');
    queries.push(query);
    const text =
      query.get('pageNumber') ?? query.get('cursor') ?? query.get('at') ?? query.get('skip') ?? '1';
    const number = query.has('skip') ? Math.ceil(Number(text) / 2) + 1 : Number(text);
    if (number === 3 && !hasFailed) {
      hasFailed = true;
      response.writeHead(400).end();
      return undefined;
    }
    if (number > 3) return { rows: [] };
    const next = new URLSearchParams(query);
    next.set('at', String(number + 1));
    const more = number < 3 ? { cursor: number + 1, next: `${pathname}?${next}` } : {};
    return { rows: numbered(number * 2, number * 2 + 2), pages: 3, ...more };
  });
  return { url, queries };
}

it('cxoneCompletedContacts keeps secret params out of the query that the checkpoint stores', () => {
  const params = { api_key: SECRET, tenant: SECRET, skillId: 7 };
  const dates = { startDate: '2023-10-01', endDate: '2023-10-02' };
  const { query } = cxoneCompletedContacts({ ...dates, params, secretParams: ['Tenant'] });
  expect(query).toMatchObject({ params: { skillId: 7 } });
  expect(JSON.stringify(query)).not.toContain(SECRET);
  expect(() => cxoneCompletedContacts({ ...dates, secretParams: [''] })).toThrow('secretParams must be');
});

describe.each(SOURCES)('%s', (_, source) => {
  it.each<[where: string, options: object]>([
    ['params', { params: { api_key: SECRET, sort: 'a' } }],
    ['a list in params', { params: { token: [SECRET, `${SECRET}2`] } }],
    ['the query of url', { url: `/users?sort=a&access_token=${SECRET}` }],
    ['a param named by secretParams', { params: { tenant: SECRET }, secretParams: ['Tenant'] }],
    [
      'the body',
      { method: 'post', in: 'query', data: { a: [{ auth: { user: SECRET } }], password: SECRET } },
    ],
  ])('keeps a secret in %s out of the checkpoint and sends it with every page', async (where, options) => {
    const { url, queries } = await startEcho();
    const api = axios.create({ baseURL: url, proxy: false });
    const path = join(await temporaryDirectory(), 'out.jsonl');
    const { in: location, ...rest } = options as { in?: string };
    const own = source(_ === 'linkSource' || location === undefined ? rest : options);
    const run = () => exportRecords({ api, source: own, sink: jsonLinesFile(path), checkpointInterval: 0 });
    const error = await failure(run(), 'ERR_REQUEST');
    expect(error.message).not.toContain(SECRET);
    expect(await readFile(`${path}.checkpoint`, 'utf8')).not.toContain(SECRET);
    await run();
    expect(await readFile(`${path}.checkpoint`, 'utf8')).not.toContain(SECRET);
    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(6);
    if (where === 'the body') return;
    expect(queries.every((query) => query.toString().includes(SECRET))).toBe(true);
  });

  it('resumes with another value of a secret', () => {
    const query = (more: object) => source({ ...more }).query;
    expect(query({ params: { api_key: 'a' } })).toEqual(query({ params: { api_key: 'b' } }));
    expect(query({ url: '/users?sig=a' })).toEqual(query({ url: '/users?sig=b' }));
    expect(query({ params: { sort: 'a' } })).not.toEqual(query({ params: { sort: 'b' } }));
    const filter = (key: string) => ({ method: 'post', data: { filters: [{ key, value: 'x' }] } });
    expect(query(filter('a'))).not.toEqual(query(filter('b')));
  });

  it('keeps the user information of a URL out of the query', () => {
    const { query } = source({ url: 'https://bob:pass@api.test/users' });
    expect(query).toMatchObject({ url: 'https://api.test/users' });
  });

  it.each<[what: string, change: object]>([
    ['a string instead of a number', { received: '1' }],
    ['a negative number', { received: -1 }],
    ['an unknown member', { url: 'http://evil.test/' }],
    ['a number before the first page', { at: -5 }],
    ['an object as lead', { lead: { href: 'http://evil.test/' } }],
    ['a list as memory', { pages: ['x'] }],
    ['an invalid digest', { pages: { first: 'x' } }],
  ])('refuses a cursor with %s, and sends no request', async (__, change) => {
    await refuses(source({}), { received: 1, at: 2, ...change });
  });

  it.each<[Json]>([[null], ['x'], [7], [[]], [{}]])('refuses the cursor %j', async (cursor) => {
    await refuses(source({}), cursor);
  });
});

/** Expects a source to refuse a cursor before it sends a request. */
async function refuses(source: PageSource, from: Json): Promise<void> {
  const context = {
    from,
    readAhead: 2,
    signal: new AbortController().signal,
    clock: systemClock,
    random: Math.random,
    request: () => expect.fail('sent a request'),
  };
  const read = async () => {
    for await (const _ of source.read(context)) expect.fail('returned a page');
  };
  await failure(read(), 'ERR_CHECKPOINT_DAMAGED');
}

it.each<[url: string, lead: string]>([
  ['/users', 'http://evil.test/users'],
  ['/users', '//evil.test/users'],
  ['/users', '/admin'],
  ['/users', '/users/../admin'],
  ['https://api.test/users', 'https://evil.test/users'],
  ['https://api.test/users', 'https://bob:pass@api.test/users'],
  ['https://api.test/users', 'https://api.test/admin'],
])('linkSource with url %s refuses a checkpoint that leads to %s', async (url, lead) => {
  await refuses(linkSource({ ...page, url, next: 'next' }), { received: 1, lead });
});

it('linkSource leaves a token in a link that the API did not repeat from params', async () => {
  const { url, requests } = await startApi(({ query }) =>
    query.token === 'page-2'
      ? { rows: numbered(2, 4) }
      : { rows: numbered(0, 2), next: '/users?token=page-2' },
  );
  const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
  const source = linkSource({ ...page, next: 'next', params: { token: SECRET } });
  await exportRecords({ api: axios.create({ baseURL: url, proxy: false }), source, sink });
  expect(requests.map(({ query }) => query.token)).toEqual([SECRET, 'page-2']);
});
