import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { failureOf } from '../../src/cli/failure.ts';
import { start } from './support.ts';

const SLOW_MACHINE = 120_000;

/** Starts an API with numbered pages. */
async function startApi(page: { records: number; bytes: number; pages: number }): Promise<string> {
  const text = 'x'.repeat(page.bytes);
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (pathname === '/token') {
      response.end('{"access_token":"t","token_type":"bearer","expires_in":3600}');
      return;
    }
    const number = Number(searchParams.get('page'));
    const records = Array.from({ length: page.records }, (_, index) => ({ id: `${number}-${index}`, text }));
    response.end(JSON.stringify({ items: number > page.pages ? [] : records }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function exportPages(url: string, megabytes: number) {
  const out = join(tmpdir(), `memory-${process.pid}-${Math.random()}.jsonl`);
  const flags = ['--base-url', url, '--url', '/x', '--items', 'items', '--page-number', 'page', '--out', out];
  return start(['export', 'pages', ...flags], {
    OAUTH_TOKEN_ENDPOINT: `${url}/token`,
    OAUTH_CLIENT_ID: 'a',
    OAUTH_CLIENT_SECRET: 'b',
    NODE_OPTIONS: `--max-old-space-size=${megabytes}`,
  }).ended;
}

it(
  'ends with a sentence, exit code 6 and the command to resume if a page does not fit into the memory',
  async () => {
    const { code, stderr } = await exportPages(
      await startApi({ records: 400, bytes: 100_000, pages: 3 }),
      64,
    );
    expect(stderr).toMatch(
      /^error: too little memory: a response of the API is larger than \d+ MB\. .*--max-old-space-size=.*--read-ahead 1/m,
    );
    expect(stderr).toMatch(/^resume: /m);
    expect(stderr).not.toContain('FATAL ERROR');
    expect(code).toBe(6);
  },
  SLOW_MACHINE,
);

it(
  'exports many small records with a small heap',
  async () => {
    const { code, stderr } = await exportPages(await startApi({ records: 2000, bytes: 50, pages: 50 }), 64);
    expect(stderr).toContain('complete: 100,000 records');
    expect(code).toBe(0);
  },
  SLOW_MACHINE,
);

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

it.each([
  ['Invalid string length', () => 'x'.repeat(2 ** 29)],
  ['a string that is too long', () => Buffer.allocUnsafe(2 ** 29).toString('latin1')],
])('describes %s as a page that is too large', (_, work) => {
  const error = thrownBy(work);
  expect(error).toBeInstanceOf(Error);
  const { message, code, exitCode } = failureOf(error, { resume: 'again' });
  expect(message).toMatch(/^a response or a record is longer than 512 MB, the maximum of Node\.js\./);
  expect(code).toBe('ERR_MEMORY');
  expect(exitCode).not.toBe(1);
});

it.each([
  ['a buffer', () => new ArrayBuffer(Number.MAX_SAFE_INTEGER)],
  ['the cause of an error', () => new Error('x', { cause: thrownBy(() => new ArrayBuffer(2 ** 52)) })],
  ['the operating system', () => Object.assign(new Error('read ENOMEM'), { code: 'ENOMEM' })],
])('describes %s that had no memory, with exit code 6', (_, work) => {
  const { message, exitCode, resume } = failureOf(thrownBy(work), { resume: 'again' });
  expect(message).toMatch(/^too little memory: .*--max-old-space-size/);
  expect(exitCode).toBe(6);
  expect(resume).toBe('again');
});

it('describes other errors as before', () => {
  expect(failureOf(new RangeError('no such thing'), { resume: 'again' }).message).toContain(
    'RangeError: no such thing',
  );
});
