import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  type BatchErrorCode,
  cursorSource,
  exportRecords,
  genesysConversationsTutorial,
  type ImportTarget,
  importRecords,
  jsonLinesFile,
  jsonLinesInput,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../src/batch/index.ts';
import { resumeCommand } from '../../src/cli/resume.ts';
import { failure, temporaryDirectory } from '../support/batch.ts';
import { type ApiRequest, exportAll, startApi } from '../support/exporting.ts';

const SECRET = 's3cret';
const page = { method: 'get' as const, items: 'items', id: 'id', total: 'total' };
const interval = { dateFrom: '2026-01-01', dateTo: '2026-01-02' };

const SOURCES: [string, (url: string) => PageSource][] = [
  ['pageNumberSource', (url) => pageNumberSource({ ...page, url })],
  ['offsetSource', (url) => offsetSource({ ...page, url })],
  ['cursorSource', (url) => cursorSource({ ...page, url, cursor: 'next' })],
  ['linkSource', (url) => linkSource({ ...page, url, next: 'next' })],
  ['genesysConversationsTutorial', (url) => genesysConversationsTutorial({ ...interval, url })],
];

type ApiAnswer = Parameters<typeof startApi>[0];
const status =
  (code: number): ApiAnswer =>
  (_, response) =>
    void response.writeHead(code).end();
const text =
  (body: string): ApiAnswer =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end(body);

const ANSWERS: [string, BatchErrorCode, ApiAnswer][] = [
  ['answers 500', 'ERR_REQUEST', status(500)],
  ['answers 401', 'ERR_REQUEST', status(401)],
  ['answers HTML', 'ERR_UNEXPECTED_ANSWER', text('<html>')],
  ['answers without a list', 'ERR_UNEXPECTED_ANSWER', () => ({ conversations: [] })],
  ['closes the connection', 'ERR_REQUEST', (_, response) => void response.destroy()],
  ['redirects forever', 'ERR_REQUEST', redirect],
];

function redirect({ path }: ApiRequest, response: Parameters<ApiAnswer>[1]) {
  response.writeHead(302, { location: path }).end();
}

const withUserInfo = (url: string) => `${url.replace('://', `://bob:${SECRET}@`)}/users?key=${SECRET}`;

/** The parts of an error that a log shows without its cause. */
const shownOf = ({ message, stack, ...members }: Error) => JSON.stringify([message, stack, members]);

describe.each(SOURCES)('%s throws errors without the credentials of its URL', (_, source) => {
  it.each(ANSWERS)('when the API %s', async (__, code, answer) => {
    const { url } = await startApi(answer);
    const error = await failure(exportAll(source(withUserInfo(url)), url), code);
    expect(shownOf(error)).not.toContain(SECRET);
  });

  it.each([
    ['http://127.0.0.1:1', 'ERR_REQUEST'],
    ['http://127.0.0.1:99999', 'ERR_CALLBACK'],
    ['ftp://127.0.0.1:1', 'ERR_REQUEST'],
  ] as const)('when %s cannot be requested', async (url, code) => {
    const error = await failure(exportAll(source(withUserInfo(url)), url), code);
    expect(shownOf(error)).not.toContain(SECRET);
  });
});

describe('a page with a link', () => {
  it.each([
    ['to an invalid URL', `http://bob:${SECRET}@:x/?key=${SECRET}`, 'ERR_UNEXPECTED_ANSWER'],
    ['to another host', `http://bob:${SECRET}@127.0.0.2/?key=${SECRET}`, 'ERR_UNEXPECTED_ANSWER'],
    ['to a relative URL', `/users?key=${SECRET}`, 'ERR_UNEXPECTED_ANSWER'],
  ] as const)('%s causes an error without credentials', async (_, next, code) => {
    const { url } = await startApi(() => ({ items: [{ id: 1 }], total: 9, next }));
    const source = linkSource({ ...page, url: withUserInfo(url), next: 'next' });
    expect(shownOf(await failure(exportAll(source, url), code))).not.toContain(SECRET);
  });
});

it.each([
  ['records without an id', { items: [{}], total: 1 }, 'ERR_UNEXPECTED_ANSWER'],
  ['no total', { items: [{ id: 1 }] }, 'ERR_UNEXPECTED_ANSWER'],
  ['fewer records than stated', { items: [], total: 9 }, 'ERR_TOTAL_MISMATCH'],
  ['the first page again', { items: [{ id: 1 }, { id: 2 }], total: 9 }, 'ERR_PAGE_LOOP'],
] as const)('an API that returns %s causes an error without credentials', async (_, answer, code) => {
  const { url } = await startApi(() => answer);
  const source = pageNumberSource({ ...page, url: withUserInfo(url) });
  expect(shownOf(await failure(exportAll(source, url), code))).not.toContain(SECRET);
});

it('shows both URLs without credentials if the checkpoint has another URL', async () => {
  const { url } = await startApi(({ query }) =>
    query.pageNumber === '1' ? { items: [{ id: 1 }], total: 2 } : undefined,
  );
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const run = (address: string) =>
    exportRecords({
      api: axios.create({ baseURL: address, proxy: false }),
      source: pageNumberSource({ ...page, url: address }),
      sink: jsonLinesFile(path),
    });
  await failure(run(withUserInfo(url)), 'ERR_UNEXPECTED_ANSWER');
  const host = await failure(run(withUserInfo('http://127.0.0.1:1')), 'ERR_CHECKPOINT_MISMATCH');
  expect(host.message).toContain(`query.url was "${url}/users" and is now "http://127.0.0.1:1/users"`);
  expect(host.message).toContain(`account was "${url}/users" and is now "http://127.0.0.1:1/users"`);
  expect(shownOf(host)).not.toContain(SECRET);
  const query = await failure(run(`${withUserInfo(url)}&page=2`), 'ERR_CHECKPOINT_MISMATCH');
  expect(query.message).toContain(`query.url changed, but still begins with "${url}/users"`);
  expect(shownOf(query)).not.toContain(SECRET);
});

it.each(ANSWERS.filter(([, code]) => code === 'ERR_REQUEST'))(
  'an import into an API that %s causes an error without credentials',
  async (_, __, answer) => {
    const { url } = await startApi(answer);
    const path = join(await temporaryDirectory(), 'in.jsonl');
    await writeFile(path, '{"id":1}\n');
    const target: ImportTarget = {
      name: 'custom',
      query: null,
      maxRecords: 1,
      idOf: () => '1',
      request: (data) => ({ method: 'post', url: withUserInfo(url), data }),
      results: () => [{ outcome: 'accepted' }],
    };
    const api = axios.create({ proxy: false });
    const run = importRecords({ api, input: jsonLinesInput(path), target, retries: 0 });
    expect(shownOf(await failure(run, 'ERR_REQUEST'))).not.toContain(SECRET);
  },
);

it('keeps the query of a URL, but not its credentials, in the command that resumes a run', () => {
  const args = [
    'export',
    'pages',
    '--url',
    `https://bob:${SECRET}@api.test/a?b=c`,
    '--param',
    'mail=a:b@c.test',
  ];
  const command = resumeCommand(args, {});
  expect(command).toBe(
    "axios-oauth-refresh export pages --url 'https://api.test/a?b=c' --param mail=a:b@c.test",
  );
});
