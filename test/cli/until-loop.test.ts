import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { sendJson, startServer } from '../support/server.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Returns the loop in docs/cli.md, with the arguments of the shell in place of its export, and without its wait. */
async function documentedLoop(): Promise<string> {
  const page = await readFile(join(ROOT, 'docs/cli.md'), 'utf8');
  const [loop = ''] = /^until npx axios-oauth-refresh export [\s\S]*?^done$/m.exec(page) ?? [];
  const mine = loop.replace(/npx axios-oauth-refresh export .*?\.jsonl/s, '"$@"');
  expect(mine).toMatch(/^until "\$@"; do\n/);
  return `sleep() { :; }\n${mine}`;
}

type Answer = [status: number, body: object];

/** Runs the loop against an API. @returns its exit code, the number of runs of the command, and its last line. */
async function runLoop(
  answer: (query: URLSearchParams, requests: number) => Answer,
  flags: readonly string[],
  name = 'a.jsonl',
) {
  let requests = 0;
  let runs = 0;
  const server = await startServer(({ url }, response) => {
    if (url === '/token') {
      runs++;
      return sendJson(response, 200, { access_token: 'abc', expires_in: 900 });
    }
    sendJson(response, ...answer(new URL(url, 'http://api').searchParams, ++requests));
  });
  onTestFinished(() => server.close());
  const out = join(await temporaryDirectory(), name);
  const main = [process.execPath, '--import', 'tsx', join(ROOT, 'src/cli/main.ts')];
  const pages = ['export', 'pages', '--base-url', server.url, '--url', '/x', '--items', 'list'];
  const command = [...main, ...pages, ...flags, '--out', out, '--retries', '0', '--max-outage', '0'];
  const child = spawn('bash', ['-c', await documentedLoop(), 'loop', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      OAUTH_TOKEN_ENDPOINT: `${server.url}/token`,
      OAUTH_CLIENT_ID: 'client',
      OAUTH_CLIENT_SECRET: 'the-secret',
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, runs, last: stderr.trimEnd().split('\n').at(-1) };
}

const page = (at: number, more: object = {}): Answer => [
  200,
  { list: [{ id: at, ...more }], next: String(at + 1) },
];
const cursor = (query: URLSearchParams) => Number(query.get('cursor') ?? 0);

describe('the loop in docs/cli.md', () => {
  it.each([
    ['a 400', 7, 1, () => [400, { message: 'bad' }], ['--cursor', 'next'], /^hint: .*--restart/],
    ['a 404', 7, 1, () => [404, {}], ['--page-number'], /^hint: check --url/],
    [
      'a JSON object without the list of --items on the first page',
      7,
      1,
      () => [200, { entities: [{ id: 1 }] }],
      ['--page-number'],
      /^hint: .*--items/,
    ],
    [
      'a wrong path in --id',
      7,
      1,
      () => [200, { list: [{ key: 1 }] }],
      ['--cursor', 'next', '--id', 'id'],
      /^hint: .*the other flags/,
    ],
    [
      'a wrong path in --total',
      7,
      1,
      () => [200, { list: [{ id: 1 }] }],
      ['--cursor', 'next', '--total', 'totl'],
      /^hint: .*the other flags/,
    ],
    [
      'an object without the list in mid-run, which passes',
      0,
      2,
      (query, requests) =>
        requests === 2
          ? [200, { error: 'busy' }]
          : cursor(query) < 2
            ? page(cursor(query))
            : [200, { list: [] }],
      ['--cursor', 'next'],
      /^complete: 2 records /,
    ],
    ['a 403', 4, 1, () => [403, {}], ['--page-number'], /^resume: /],
    [
      'an expired cursor',
      7,
      1,
      (query) => (cursor(query) < 3 ? page(cursor(query)) : [400, { message: 'expired' }]),
      ['--cursor', 'next'],
      /^hint: .*--restart/,
    ],
    [
      'a cursor that leads back',
      7,
      1,
      (query) => [200, { list: [{ id: cursor(query) }], next: String((cursor(query) + 1) % 3) }],
      ['--cursor', 'next'],
      /^hint: .*--restart/,
    ],
    [
      'a total that is never reached',
      7,
      1,
      () => [200, { list: [{ id: 1 }], total: 4 }],
      ['--next', 'next', '--total', 'total'],
      /^hint: add --total-tolerance /,
    ],
    [
      'a CSV that cannot hold a later record',
      7,
      1,
      (query) => page(cursor(query), cursor(query) > 2 ? { late: 'x' } : {}),
      ['--cursor', 'next'],
      /^hint: .*--columns.*--restart/,
    ],
    [
      'a 503 that passes',
      0,
      3,
      (_, requests) => (requests < 3 ? [503, {}] : [200, { list: [{ id: 1 }] }]),
      ['--next', 'next', '--total', 'total'].slice(0, 2),
      /^complete: 1 record /,
    ],
  ] as [string, number, number, (query: URLSearchParams, requests: number) => Answer, string[], RegExp][])(
    'ends at %s with exit code %d after %d runs',
    async (what, exitCode, runs, answer, flags, last) => {
      const outcome = await runLoop(answer, flags, what.includes('CSV') ? 'a.csv' : 'a.jsonl');
      expect(outcome).toEqual({ code: exitCode, runs, last: expect.stringMatching(last) });
    },
  );
});
