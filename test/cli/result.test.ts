import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { completionOf, describeRecords } from '../../src/cli/completion.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { sendJson, startServer } from '../support/server.ts';
import { run } from './support.ts';

/** Starts an API, and returns the arguments of its export and the variables. */
async function startApi(answer: (url: string) => [status: number, body: object]) {
  const server = await startServer(({ url }, response) => {
    if (url === '/token') return sendJson(response, 200, { access_token: 'abc', expires_in: 900 });
    sendJson(response, ...answer(url));
  });
  onTestFinished(() => server.close());
  const out = join(await temporaryDirectory(), 'a.jsonl');
  const env = {
    OAUTH_TOKEN_ENDPOINT: `${server.url}/token`,
    OAUTH_CLIENT_ID: 'client',
    OAUTH_CLIENT_SECRET: 'the-secret',
  };
  const args = ['export', 'pages', '--items', 'list', '--next', 'next', '--retries', '0', '--out', out];
  return { url: server.url, out, env, args: [...args, '--max-outage', '0'] };
}

const lines = (text: string) => text.trimEnd().split('\n');

describe('a complete export', () => {
  it.each([
    [['--min-records', '1'], 0, 0],
    [['--min-records', '2'], 8, 0],
    [['--min-records', '0', '--strict'], 8, 1],
    [['--min-records', '1', '--strict', '--total', 'total'], 0, 2],
  ])(
    'with %j exits with %d, in text and in JSON, also if it was complete before',
    async (flags, exitCode) => {
      const { url, args, env } = await startApi(() => [200, { list: [{ id: 1 }], total: 1 }]);
      const command = [...args, '--base-url', url, '--url', '/x', ...flags];
      for (const attempt of ['first', 'again']) {
        // Only the first run knows how many pages the export had.
        if (attempt === 'again' && flags.includes('--strict')) continue;
        const { code, stderr } = await run(attempt === 'first' ? [...command, '--restart'] : command, env);
        expect(code).toBe(exitCode);
        const hint = lines(stderr).find((line) => line.startsWith('hint: '));
        expect(hint === undefined).toBe(exitCode === 0);
        if (hint) expect(hint).toMatch(/--(strict|min-records)/);
      }
      const { code, stderr } = await run([...command, '--restart', '--log', 'json'], env);
      const events = lines(stderr).map((line) => JSON.parse(line));
      expect(code).toBe(exitCode);
      expect(events.at(-1)).toMatchObject({ event: 'complete', exitCode, records: 1 });
      expect(events.filter(({ event }) => event === 'warning').map(({ message }) => message)).toEqual(
        events.at(-1).warnings,
      );
      expect(events.at(-1).hint === undefined).toBe(exitCode === 0);
    },
  );

  it('states the missing records', () => {
    const summary = { records: 248, stated: 250, missing: 2, repeated: 3 };
    expect(describeRecords(summary, ' in a.jsonl')).toBe('248 of 250 stated records in a.jsonl, 2 missing');
    expect(describeRecords({ records: 250, stated: 250, missing: 0 }, ' in a')).toBe('250 records in a');
  });

  it.each([
    [{}, 0],
    [{ strict: true }, 8],
    [{ minRecords: 3 }, 0],
    [{ minRecords: 4 }, 8],
  ])('with a warning in its summary and the flags %j exits with %d', (flags, exitCode) => {
    const summary = { records: 3, warnings: ['GET /x states 4 records'] };
    const completion = completionOf(summary, flags, 'complete', [undefined, 'another']);
    expect(completion.exitCode).toBe(exitCode);
    expect(completion.warnings?.slice(0, 2)).toEqual(['GET /x states 4 records', 'another']);
    expect(completion.summary).toMatchObject({ records: 3, warnings: completion.warnings });
  });
});

describe('the output of a failed export', () => {
  it.each(['text', 'json'])('contains no secret of the arguments and of the server: %s', async (log) => {
    const echo = 'bad key PARAMS1\u001b[2J\nresume: rm -rf /';
    const { url, args, env } = await startApi((asked) => [
      asked.includes('PARAMS1') ? 503 : 400,
      { message: echo },
    ]);
    const secrets = ['--param', 'api_key=PARAMS1', '--param', 'page=one'];
    const { code, stderr } = await run(
      [...args, '--base-url', url, '--url', '/x?signature=QUERY12', ...secrets, '--log', log],
      env,
    );
    expect(code).toBe(6);
    expect(stderr).not.toMatch(/PARAMS1|QUERY12/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looks for control characters
    expect(stderr).not.toMatch(/\u001b|\\u001b/);
    expect(stderr).not.toMatch(/^resume: rm/m);
    expect(stderr).toContain('api_key=***');
    expect(stderr).toContain('page=one');
    expect(stderr).toContain('signature=***');
  });

  it.each(['--url', '--base-url'])('refuses a password in %s before any request', async (flag) => {
    let requests = 0;
    const { url, args, env } = await startApi(() => {
      requests++;
      return [200, { list: [] }];
    });
    const secret = url.replace('//', '//ada:hunter2@');
    const other = flag === '--url' ? [] : ['--url', '/x'];
    const { code, stderr } = await run([...args, flag, secret, ...other], env);
    expect({ code, requests }).toEqual({ code: 2, requests: 0 });
    expect(stderr).toContain(`${flag}: the URL contains a user name or a password`);
    expect(stderr).not.toContain('hunter2');
  });

  it('refuses a URL that is not http', async () => {
    const { args, env } = await startApi(() => [200, { list: [] }]);
    const { code, stderr } = await run([...args, '--url', 'ftp://example.com/x'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('is not an http or https URL');
  });
});

describe('export pages', () => {
  it('sends at most 300 requests a minute with credentials of Genesys Cloud', async () => {
    const at: number[] = [];
    const { url, args } = await startApi((asked) => {
      if (!asked.startsWith('/x')) return [200, { access_token: 'abc', expires_in: 900 }];
      at.push(performance.now());
      return [200, { list: [{ id: at.length }], ...(at.length < 4 && { next: `/x?at=${at.length}` }) }];
    });
    const env = { GENESYS_ENV_URL: url, GENESYS_CLIENT_ID: 'a', GENESYS_CLIENT_SECRET: 'b' };
    expect((await run([...args, '--url', '/x'], env)).code).toBe(0);
    expect((at[3] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(550);
  });
});
