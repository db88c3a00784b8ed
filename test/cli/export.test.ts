import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { sendJson, startServer } from '../support/server.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run, truth } from './support.ts';

function conversations({ interval }: VendorSimulator, out: string, ...more: string[]): string[] {
  const name = ['export', 'genesys-conversations'];
  return [...name, '--interval', interval, '--out', out, '--rate', 'none', ...more];
}

async function outputFile(name = 'conversations.jsonl'): Promise<string> {
  return join(await temporaryDirectory(), name);
}

const pages = ['export', 'pages', '--url', '/things', '--items', 'list'];

describe('export genesys-conversations', () => {
  it('writes every record once, despite revoked tokens, 429, 503 and connection resets', async () => {
    const simulator = await startSimulator({
      records: 320,
      revokeEvery: 3,
      faults: { probability: 0.1, retryAfter: 0 },
    });
    const out = await outputFile();
    const { code, stdout, stderr } = await run(
      conversations(simulator, out, '--page-size', '20'),
      genesysEnv(simulator),
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(await readFile(out, 'utf8')).toBe(truth(simulator));
    expect(stderr).toMatch(/complete: 320 records in \S+, 16 pages, .* token refresh.* replays?, /);
  });

  it('reports that an export is already complete, and starts over with --restart', async () => {
    const simulator = await startSimulator({ records: 30 });
    const out = await outputFile();
    const args = conversations(simulator, out);
    await run(args, genesysEnv(simulator));
    const { apiRequests } = simulator.counts;
    const again = await run(args, genesysEnv(simulator));
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(`already complete: 30 records in ${out}; add --restart to export again\n`);
    expect(simulator.counts.apiRequests).toBe(apiRequests);
    expect((await run([...args, '--restart'], genesysEnv(simulator))).code).toBe(0);
    expect(await readFile(out, 'utf8')).toBe(truth(simulator));
    expect(await readFile(`${out}.old-1`, 'utf8')).toBe(truth(simulator));
  });

  it('derives gzip and CSV from the file name', async () => {
    const simulator = await startSimulator({ records: 30 });
    const zipped = await outputFile('c.jsonl.gz');
    expect((await run(conversations(simulator, zipped), genesysEnv(simulator))).code).toBe(0);
    expect(gunzipSync(await readFile(zipped)).toString()).toBe(truth(simulator));

    const columns = ['--columns', 'conversationId, conversationStart'];
    for (const name of ['c.csv', 'c.csv.gz']) {
      const table = await outputFile(name);
      expect((await run(conversations(simulator, table, ...columns), genesysEnv(simulator))).code).toBe(0);
      const bytes = await readFile(table);
      const rows = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trimEnd().split('\n');
      expect(rows[0]).toBe('conversationId,conversationStart');
      const { conversationId, conversationStart } = simulator.record(29);
      expect(rows[30]).toBe(`${conversationId},${conversationStart}`);
    }
  });

  it('writes the format of --format whatever the file is called', async () => {
    const simulator = await startSimulator({ records: 30 });
    const out = await outputFile('c.parquet');
    const args = conversations(simulator, out, '--format', 'jsonl');
    expect((await run(args, genesysEnv(simulator))).code).toBe(0);
    expect(await readFile(out, 'utf8')).toBe(truth(simulator));
  });

  it('writes to standard output with --out -', async () => {
    const simulator = await startSimulator({ records: 150 });
    const { code, stdout, stderr } = await run(conversations(simulator, '-'), genesysEnv(simulator));
    expect(code).toBe(0);
    expect(stdout).toBe(truth(simulator));
    expect(stderr).toContain('complete: 150 records, ');
  });

  it('adds the fields of --filter to the query', async () => {
    const simulator = await startSimulator({ records: 5 });
    const out = await outputFile();
    const filter = `${out}.filter.json`;
    await writeFile(filter, '{"orderBy":"conversationEnd"}');
    const { code, stderr } = await run(
      conversations(simulator, out, '--filter', filter),
      genesysEnv(simulator),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('orderBy');
    await writeFile(filter, '{"conversationFilters":[{"type":"and","predicates":[]}]}');
    expect((await run(conversations(simulator, out, '--filter', filter), genesysEnv(simulator))).code).toBe(
      0,
    );
    const checkpoint = JSON.parse(await readFile(`${out}.checkpoint`, 'utf8'));
    expect(JSON.stringify(checkpoint)).toContain('conversationFilters');
  });

  it('sends dateFrom, dateTo and size with --tutorial-form', async () => {
    const simulator = await startSimulator({ records: 120 });
    const out = await outputFile();
    const args = conversations(simulator, out, '--tutorial-form');
    expect((await run(args, genesysEnv(simulator))).code).toBe(0);
    expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(121);
    const more = await run([...args, '--total-tolerance', '0.1'], genesysEnv(simulator));
    expect(more).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be combined with --total-tolerance'),
    });
  });

  it('sends at most 300 requests a minute by default', async () => {
    const simulator = await startSimulator({ records: 4 });
    const args = ['export', 'genesys-conversations', '--interval', simulator.interval, '--page-size', '1'];
    const began = performance.now();
    const { code } = await run([...args, '--out', await outputFile()], genesysEnv(simulator));
    expect(code).toBe(0);
    // At least four pages, one every 200 ms.
    expect(performance.now() - began).toBeGreaterThan(600);
  });
});

describe('export genesys-conversation-jobs', () => {
  it('waits for the job and writes every record once', async () => {
    const simulator = await startSimulator({ records: 120, jobs: { polls: 0 } });
    const out = await outputFile();
    const args = conversations(simulator, out, '--page-size', '50').with(1, 'genesys-conversation-jobs');
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('120 records') });
    const ids = (await readFile(out, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).conversationId);
    const all = [...simulator.records()].map(({ conversationId }) => conversationId);
    expect(ids.sort()).toEqual(all.sort());
  });
});

describe('exports of NICE CXone', () => {
  it('cxone-completed-contacts writes every contact once', async () => {
    const simulator = await startSimulator({ records: 230, revokeEvery: 2 });
    const out = await outputFile();
    const args = conversations(simulator, out, '--page-size', '100').with(1, 'cxone-completed-contacts');
    const { code, stderr } = await run(args, cxoneEnv(simulator));
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('230 records') });
    const contacts = Array.from({ length: 230 }, (_, index) => simulator.completedContact(index));
    expect(await readFile(out, 'utf8')).toBe(contacts.map((one) => `${JSON.stringify(one)}\n`).join(''));
    expect(await readFile(`${out}.checkpoint`, 'utf8')).toContain('NICE CXone http');
  });

  it('cxone-data-extraction downloads the file from another host without sending the token', async () => {
    const simulator = await startSimulator({ records: 40, jobs: { polls: 0 } });
    const out = await outputFile('extract.csv');
    const args = conversations(simulator, out, '--entity', 'recording-interaction-metadata');
    const { code, stderr } = await run(args.with(1, 'cxone-data-extraction'), cxoneEnv(simulator));
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('40 records') });
    expect((await readFile(out, 'utf8')).trimEnd().split('\n')).toHaveLength(41);
    expect(simulator.counts).toMatchObject({ filesServed: 1, leakedBearers: 0 });
  });
});

describe('export pages', () => {
  const env = (url: string) => ({
    OAUTH_TOKEN_ENDPOINT: `${url}/token`,
    OAUTH_CLIENT_ID: 'client',
    OAUTH_CLIENT_SECRET: 'the-secret',
  });

  async function startApi(page: (query: URLSearchParams) => object) {
    const queries: string[] = [];
    const server = await startServer(({ url }, response) => {
      if (url === '/token') return sendJson(response, 200, { access_token: 'abc', expires_in: 900 });
      const { searchParams } = new URL(url, 'http://api');
      queries.push(searchParams.toString());
      sendJson(response, 200, page(searchParams));
    });
    return { ...server, queries };
  }

  const ITEMS = Array.from({ length: 25 }, (_, id) => ({ id, name: `n${id}` }));
  const LINES = ITEMS.map((item) => `${JSON.stringify(item)}\n`).join('');

  it.each([
    [
      'by number',
      [
        '--page-number',
        'page',
        '--page-size',
        '10',
        '--size-parameter',
        'size',
        '--page-count',
        'meta.pages',
      ],
      (query: URLSearchParams) => {
        const at = (Number(query.get('page')) - 1) * 10;
        return { meta: { pages: 3 }, list: ITEMS.slice(at, at + 10) };
      },
    ],
    [
      'by offset',
      ['--offset', '--page-size', '10', '--total', 'total'],
      (query: URLSearchParams) => {
        const at = Number(query.get('skip'));
        return { total: 25, list: ITEMS.slice(at, at + 10) };
      },
    ],
    [
      'by cursor',
      ['--cursor', 'next', '--cursor-parameter', 'from', '--id', 'id', '--param', 'kind=a b'],
      (query: URLSearchParams) => {
        const at = Number(query.get('from') ?? 0);
        return { list: ITEMS.slice(at, at + 10), ...(at < 20 && { next: String(at + 10) }) };
      },
    ],
    [
      'by link',
      ['--next', 'links.next'],
      (query: URLSearchParams) => {
        const at = Number(query.get('at') ?? 0);
        return { list: ITEMS.slice(at, at + 10), links: at < 20 ? { next: `/things?at=${at + 10}` } : {} };
      },
    ],
  ])('requests pages %s', async (_, flags, page) => {
    const api = await startApi(page);
    const out = await outputFile();
    const args = [...pages, '--base-url', api.url, '--out', out];
    const { code, stderr } = await run([...args, ...flags], env(api.url));
    await api.close();
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('complete: 25 records'),
    });
    expect(await readFile(out, 'utf8')).toBe(LINES);
    if (flags.includes('--param')) expect(api.queries[0]).toBe('kind=a+b');
  });

  it.each([
    [[], 'set one of --page-number, --offset, --cursor, --next'],
    [['--cursor', 'a', '--next', 'b'], 'set only one of --cursor, --next'],
    [['--next', 'b', '--page-size', '5'], '--page-size requires'],
    [['--next', 'b', '--data', 'x.json'], 'x.json cannot be read (ENOENT)'],
    [['--page-number', '--param', 'novalue'], 'Use name=value.'],
    [['--next', 'b', '--total-tolerance', '0.1'], '--total-tolerance requires --total'],
    [['--page-number', '--page-size', '5'], '--page-size is not sent: set --size-parameter'],
    [['--page-number', '--size-parameter', 'size'], '--size-parameter requires --page-size'],
    [['--page-number', '--first-offset', '1'], '--first-offset requires --offset'],
    [['--offset', '--first-page', '0'], '--first-page requires --page-number'],
    [['--offset', '--page-count', 'n'], '--page-count requires --page-number'],
    [['--next', 'b', '--last-page', 'short'], '--last-page requires --page-number or --offset'],
    [['--page-number', '--last-page', 'short'], '--last-page short requires --page-size'],
    [['--page-number', '--last-page', 'empty', '--page-count', 'n'], '--last-page has no effect with'],
    [['--cursor', 'c', '--next-path', '/x'], '--next-path requires --next'],
    [['--next', 'b', '--next-path', 'x'], 'nextPath must be a path'],
    [['--next', 'b', '--in', 'query'], '--in has no effect with --next'],
    [['--cursor', 'c', '--in', 'body'], "in 'body' requires method post"],
    [['--next', 'b', '--cursor-parameter', 'c'], '--cursor-parameter requires --cursor'],
    [['--next', 'b', '--secret-param', 'tenant'], 'is named tenant'],
    [
      ['--next', 'b', '--out', '-', '--checkpoint', 'x.checkpoint'],
      '--checkpoint: requires a file as output',
    ],
  ])('exits with 2: %j', async (flags, message) => {
    const args = ['export', 'pages', '--base-url', 'http://127.0.0.1:1', '--url', '/x', '--items', 'list'];
    const { code, stderr } = await run([...args, '--out', 'x.jsonl', ...flags], env('http://127.0.0.1:1'));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('export pages with --param', () => {
  it.each([
    ['--page-number', 'page', '--page-count', 'pages'],
    ['--offset', 'skip', '--total', 'pages'],
    ['--next', 'next'],
  ])('%s: sends repeated parameters, and stores no secret', async (...way) => {
    const queries: string[] = [];
    const server = await startServer(({ url }, response) => {
      if (url === '/token') return sendJson(response, 200, { access_token: 'abc', expires_in: 900 });
      const [, query = ''] = url.split('?');
      queries.push(query);
      const next = queries.length < 2 ? `/things?${query}&at=2` : null;
      sendJson(response, 200, { list: queries.length > 2 ? [] : [{ id: queries.length }], pages: 1, next });
    });
    onTestFinished(() => server.close());
    const out = await outputFile();
    const params = ['expand=a', 'expand=b', 'api_key=s3cr3t-1', 'tenant=s3cr3t-2'];
    const { code, stderr } = await run(
      [
        ...pages,
        '--base-url',
        server.url,
        '--out',
        out,
        ...way,
        ...params.flatMap((param) => ['--param', param]),
        '--secret-param',
        'tenant',
      ],
      { OAUTH_TOKEN_ENDPOINT: `${server.url}/token`, OAUTH_CLIENT_ID: 'c', OAUTH_CLIENT_SECRET: 'd' },
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(queries[0]).toContain('expand=a&expand=b&api_key=s3cr3t-1&tenant=s3cr3t-2');
    expect(queries.at(-1)).toContain('s3cr3t-1');
    expect(stderr).not.toContain('s3cr3t');
    expect(await readFile(`${out}.checkpoint`, 'utf8')).not.toContain('s3cr3t');
  });
});

describe('export pages when the response has no value at the path', () => {
  const PATHS = [
    ['--cursor', 'paging.wrong'],
    ['--next', 'wrong'],
  ];
  const oauth = (url: string) => ({
    OAUTH_TOKEN_ENDPOINT: `${url}/token`,
    OAUTH_CLIENT_ID: 'client',
    OAUTH_CLIENT_SECRET: 'the-secret',
  });

  async function startApi(page: object) {
    const server = await startServer(({ url }, response) =>
      sendJson(response, 200, url === '/token' ? { access_token: 'abc', expires_in: 900 } : page),
    );
    onTestFinished(() => server.close());
    return server;
  }

  it.each(PATHS)('warns that the export has a single page: %s %s', async (...path) => {
    const { url } = await startApi({ list: [{ id: 1 }], total: 1 });
    const out = await outputFile();
    const args = [...pages, '--base-url', url, ...path];
    const { code, stderr } = await run([...args, '--out', out], oauth(url));
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(
        `\nwarning: the export has a single page, which has no value at ${path.join(' ')}.*\ncomplete: 1 record `,
      ),
    );
    const known = await run([...args, '--total', 'total', '--out', await outputFile()], oauth(url));
    expect(known.stderr).not.toContain('warning');
  });

  it('warns only about the lack of records if there are none', async () => {
    const { url } = await startApi({ list: [] });
    const args = [...pages, '--base-url', url, '--next', 'n', '--out', await outputFile()];
    const { code, stderr } = await run(args, oauth(url));
    expect(code).toBe(0);
    expect(stderr.match(/^warning: .*/gm)).toEqual([expect.stringContaining('no records')]);
  });

  it('accepts fewer records than the total with --total-tolerance, which the error recommends', async () => {
    const { url } = await startApi({ list: [{ id: 1 }], total: 2 });
    const args = [
      ...pages,
      '--base-url',
      url,
      '--next',
      'n',
      '--total',
      'total',
      '--out',
      await outputFile(),
    ];
    const { code, stderr } = await run(args, oauth(url));
    expect(code).toBe(7);
    expect(stderr).toContain('--total-tolerance) of 0.5');
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^hint: add --total-tolerance 0.5 to accept the difference, or add --restart/,
    );
    expect((await run([...args, '--total-tolerance', '0.5'], oauth(url))).code).toBe(0);
  });

  it.each([
    [[], 'missing, but --url "/things" is relative'],
    [['--base-url', 'nonsense'], '"nonsense" with --url "/things" is not a URL'],
  ])('exits with 2 if the URL is invalid: %j', async (flags, problem) => {
    const { url } = await startApi({ list: [] });
    const out = await outputFile();
    const { code, stderr } = await run([...pages, ...flags, '--next', 'n', '--out', out], oauth(url));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `error: --base-url: ${problem}; set the base URL of the API, such as https://api.example.com.\n`,
    );
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
  });
});

describe('when an export fails', () => {
  it.each(['', '.journal', '.lock'])(
    'exits with 2 if the output is the file%s of the checkpoint',
    async (ending) => {
      const simulator = await startSimulator({ records: 3 });
      const path = await outputFile();
      const flags = ['--checkpoint', path, '--format', 'jsonl'];
      const args = conversations(simulator, `${path}${ending}`, ...flags);
      const { code, stderr } = await run(args, genesysEnv(simulator));
      expect(code).toBe(2);
      expect(stderr).toContain('must be different files from the output');
    },
  );

  it('prints the resume command with npx if npx runs the command', async () => {
    const simulator = await startSimulator({ records: 3 });
    const env = { ...genesysEnv(simulator), GENESYS_CLIENT_SECRET: 'wrong' };
    const args = conversations(simulator, await outputFile());
    const { stderr } = await run(args, { ...env, npm_command: 'exec' });
    expect(stderr).toContain(`\nresume: npx axios-oauth-refresh export genesys-conversations `);
    expect((await run(args, env)).stderr).toContain('\nresume: axios-oauth-refresh export ');
  });

  it('exits with 2 if the rate is too low for a timer', async () => {
    const simulator = await startSimulator({ records: 3 });
    const args = conversations(simulator, await outputFile(), '--rate', '0.001/h');
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect(code).toBe(2);
    expect(stderr).toContain('rate must be at least one request in 24 days');
  });

  it.each([
    ['401', 3, 'authentication failed'],
    ['insufficient_scope', 4, 'assign the missing role or scope to the OAuth client'],
    ['403', 4, 'forbidden. The OAuth client lacks a permission'],
    ['429', 5, 'rate limit exceeded. Set a lower rate'],
    ['503', 6, 'the API is failing. Try again later'],
    ['reset', 6, 'ECONNRESET'],
    ['malformed', 6, 'The export stops, because records could be missing'],
  ] as const)(
    'exits with the code of %s (%i), says what to do, and can be resumed',
    async (kind, exitCode, message) => {
      const simulator = await startSimulator({ records: 60 });
      simulator.schedule({ match: '/api', after: 3, times: 1000, kind, retryAfter: 0 });
      const out = await outputFile();
      const flags = ['--page-size', '10', '--retries', '0', '--max-outage', '0', '--read-ahead', '0'];
      const args = conversations(simulator, out, ...flags);
      const { code, stdout, stderr } = await run(args, genesysEnv(simulator));
      expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('    at ');
      const lines = stderr.trimEnd().split('\n');
      expect(lines.at(-1)).toBe(`resume: axios-oauth-refresh ${args.join(' ')}`);

      simulator.reset();
      expect((await run(args, genesysEnv(simulator))).code).toBe(0);
      expect(await readFile(out, 'utf8')).toBe(truth(simulator));
      expect(simulator.counts.recordsServed).toBeLessThan(60);
    },
  );

  it('exits with 6 if the response is HTML', async () => {
    const simulator = await startSimulator();
    simulator.schedule({ match: '/api', times: 1000, status: 200, body: '<html>a proxy says hello</html>' });
    const { code, stderr } = await run(conversations(simulator, await outputFile()), genesysEnv(simulator));
    expect(code).toBe(6);
    expect(stderr).toContain('The export stops, because records could be missing');
  });

  it('exits with 3 and leaves no file if the secret is wrong', async () => {
    const simulator = await startSimulator();
    const out = await outputFile();
    const env = { ...genesysEnv(simulator), GENESYS_CLIENT_SECRET: 'wrong-secret-1234' };
    const { code, stderr } = await run(conversations(simulator, out), env);
    expect(code).toBe(3);
    expect(stderr).toContain('invalid_client');
    expect(existsSync(out) || existsSync(`${out}.checkpoint`)).toBe(false);
  });

  it('exits with 2 if variables are missing', async () => {
    const simulator = await startSimulator();
    const { code, stderr } = await run(conversations(simulator, await outputFile()), {});
    expect(code).toBe(2);
    expect(stderr).toContain('set GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET');
    expect(stderr).not.toContain('resume:');
  });

  it('exits with 2 if the output directory does not exist', async () => {
    const simulator = await startSimulator();
    const out = join(await temporaryDirectory(), 'not-there', 'c.jsonl');
    const { code, stderr } = await run(conversations(simulator, out), genesysEnv(simulator));
    expect(code).toBe(2);
    expect(stderr).toContain('does not exist. Create the directory or choose another.');
  });

  it('exits with 2 if the output is a directory', async () => {
    const simulator = await startSimulator();
    const { code, stderr } = await run(
      conversations(simulator, await temporaryDirectory()),
      genesysEnv(simulator),
    );
    expect(code).toBe(2);
    expect(stderr).not.toContain('resume:');
  });

  it('exits with 2 and keeps an existing file that no export wrote', async () => {
    const simulator = await startSimulator();
    const out = await outputFile();
    await writeFile(out, 'precious\n');
    const { code, stderr } = await run(conversations(simulator, out), genesysEnv(simulator));
    expect(code).toBe(2);
    expect(stderr).toContain('already exists');
    expect(stderr).not.toContain('resume:');
    expect(await readFile(out, 'utf8')).toBe('precious\n');
  });

  it('exits with 2 and names the difference if the checkpoint belongs to another query', async () => {
    const simulator = await startSimulator({ records: 60 });
    const out = await outputFile();
    await run(conversations(simulator, out, '--page-size', '10'), genesysEnv(simulator));
    const other = conversations(simulator, out).with(3, '2023-10-01T00:00Z/2023-10-02T00:00Z');
    const { code, stderr } = await run(other, genesysEnv(simulator));
    expect(code).toBe(2);
    expect(stderr).toContain('belongs to a different run: query.interval was');
  });

  it.each([
    [['--interval', '2023-10-02/2023-10-01'], 'must be after'],
    [['--interval', '2093-10-01/2093-10-02'], 'is in the future'],
    [['--interval', '2023-10-01/2023-10-02/2023-10-03'], 'is invalid. --interval must be two dates'],
    [['--interval', '2023-10-01T00:00/2023-10-02T00:00'], 'a zone'],
    [['--rate', 'fast'], 'Use a rate such as 300/min'],
    [['--rate', '0/min'], 'Use a rate'],
    [['--columns', 'a'], '--columns requires the format csv or csv.gz, not jsonl'],
    [
      ['--out', 'x.parquet'],
      '--out: the ending .parquet of x.parquet is not a known format. Use .jsonl, .json, .ndjson, .csv (and .gz after it for gzip), ' +
        'or set --format to one of jsonl, jsonl.gz, csv, csv.gz',
    ],
    [['--out', 'x.tsv.gz'], 'the ending .tsv.gz of x.tsv.gz is not a known format'],
    [['--log', 'xml'], "'xml' is invalid"],
    [['--filter', '/nowhere.json'], '/nowhere.json cannot be read (ENOENT)'],
  ])('exits with 2: %j', async (flags, message) => {
    const simulator = await startSimulator();
    const { code, stderr } = await run(
      [...conversations(simulator, '/nowhere/out.jsonl'), ...flags],
      genesysEnv(simulator),
    );
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(simulator.counts.requests).toBe(0);
  });
});
