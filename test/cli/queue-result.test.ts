import { expect, it, onTestFinished } from 'vitest';
import type { Fault } from '../../src/testing/index.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { sendJson, startServer } from '../support/server.ts';
import { startSimulator } from '../support/simulated.ts';
import { useQueue } from './queue-support.ts';
import { genesysEnv, run } from './support.ts';

const DAY = 86_400_000;
const START = Date.UTC(2023, 9, 1);
const PER_PART = 100;

/** Starts a Genesys Cloud with 100 conversations a day, which states other totals for some days. */
async function startApi(statedOf: (day: number) => number | undefined) {
  let requests = 0;
  const server = await startServer(({ url, body }, response) => {
    if (url === '/oauth/token') return sendJson(response, 200, { access_token: 'abc', expires_in: 900 });
    requests++;
    const { interval, paging } = JSON.parse(String(body));
    const day = (Date.parse(interval.split('/')[0]) - START) / DAY;
    if (paging.pageNumber > 1) return sendJson(response, 200, {});
    const conversations = Array.from({ length: PER_PART }, (_, n) => ({
      conversationId: `c${day}.${n}`,
      conversationStart: new Date(START + day * DAY + n).toISOString(),
    }));
    sendJson(response, 200, { conversations, totalHits: statedOf(day) ?? PER_PART });
  });
  onTestFinished(() => server.close());
  return {
    interval: '2023-10-01/2023-10-07',
    requests: () => requests,
    env: { GENESYS_ENV_URL: server.url, GENESYS_CLIENT_ID: 'client', GENESYS_CLIENT_SECRET: 'the-secret' },
  };
}

const lines = (text: string) => text.trimEnd().split('\n');

describeWithRedis('the result of an export in a queue', () => {
  const redis = useRedis();
  const { worker, exporting, content } = useQueue(redis);

  const MISSING =
    'part 2: POST /api/v2/analytics/conversations/details/query for 2023-10-03T00:00:00.000Z/2023-10-04T00:00:00.000Z stated 101 records, ' +
    'but returned 100 different ones: 1 is missing, which the tolerance of 0.01 allows';

  it.each(['c.jsonl', 'c.csv', 'parts.jsonl'])(
    'names the part of a warning in text, JSON and the exit code, also if the export was complete before: %s',
    async (out) => {
      const api = await startApi((day) => (day === 2 ? 101 : undefined));
      worker(api.env);
      const command = exporting(api, out, ...(out === 'parts.jsonl' ? ['--no-merge'] : []));
      for (const attempt of ['complete', 'already complete']) {
        const text = await run(command, {});
        expect(text.code).toBe(0);
        expect(lines(text.stderr)).toContain(`warning: ${MISSING}`);
        expect(text.stderr).toContain(`\n${attempt}: 600 of 601 stated records in `);
        expect(text.stderr).toContain(', 1 missing');
      }
      const strict = await run([...command, '--strict'], {});
      expect(strict.code).toBe(8);
      expect(lines(strict.stderr).at(-1)).toBe('hint: exit code 8 because of --strict and 1 warning');
      const json = await run([...command, '--strict', '--log', 'json'], {});
      const events = lines(json.stderr).map((line) => JSON.parse(line));
      expect(events).toContainEqual(expect.objectContaining({ event: 'warning', message: MISSING }));
      expect(events.at(-1)).toMatchObject({
        event: 'complete',
        exitCode: 8,
        records: 600,
        stated: 601,
        missing: 1,
        warnings: [MISSING],
      });
      if (out !== 'parts.jsonl') return;
      const { parts, ...whole } = JSON.parse(await content('parts.jsonl.parts/manifest.json'));
      expect(whole).toMatchObject({ records: 600, stated: 601, missing: 1, warnings: [MISSING] });
      expect(parts[2]).toMatchObject({ records: 100, stated: 101, missing: 1, warnings: [MISSING.slice(8)] });
      expect(parts[3]).toMatchObject({ records: 100, stated: 100, missing: 0, warnings: [] });
    },
  );

  it.each([
    [['--min-records', '600'], 0],
    [['--min-records', '601'], 8],
    [['--strict'], 0],
  ])('with %j exits with %d, also if the export was complete before', async (flags, code) => {
    const api = await startApi(() => undefined);
    worker(api.env);
    const command = exporting(api, 'c.jsonl', ...flags);
    expect((await run(command, {})).code).toBe(code);
    expect((await run(command, {})).code).toBe(code);
  });

  it('exits with 7 and names the part if the API returned fewer records than it stated', async () => {
    const api = await startApi((day) => (day === 3 ? 110 : undefined));
    worker(api.env);
    const { code, stderr } = await run(exporting(api, 'c.jsonl'), {});
    expect(code).toBe(7);
    expect(stderr).toMatch(
      /\nerror: part 3 of c\.jsonl has failed: .* stated 110 records, but returned 100 different ones/,
    );
    expect(lines(stderr).at(-1)).toMatch(/^hint: add --total-tolerance 0\.091 and --restart /);
    const tolerant = exporting(api, 'c.jsonl', '--total-tolerance', '0.091', '--restart');
    const again = await run(tolerant, {});
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/\nwarning: part 3: .* 10 are missing/);
  });

  it('exits with 7 at the first page if a column is misspelt, and names the flag', async () => {
    const api = await startApi(() => undefined);
    worker(api.env, '--read-ahead', '0');
    const { code, stderr } = await run(exporting(api, 'c.csv', '--columns', 'converationId'), {});
    expect(code).toBe(7);
    expect(stderr).toMatch(/\nerror: part 0 of c\.csv has failed: .*Did you mean "conversationId"\?/);
    expect(lines(stderr).at(-1)).toMatch(/^hint: .*--columns.*--restart/);
    expect(api.requests()).toBeLessThan(4);
    const corrected = exporting(api, 'c.csv', '--columns', 'conversationId', '--restart');
    expect((await run(corrected, {})).code).toBe(0);
    expect(lines(await content('c.csv'))).toHaveLength(601);
  });

  it('warns about a column that no record has', async () => {
    const api = await startApi(() => undefined);
    worker(api.env);
    const command = exporting(api, 'c.csv', '--columns', 'conversationId,zzz', '--strict');
    const { code, stderr } = await run(command, {});
    expect(code).toBe(8);
    expect(lines(stderr)).toContain('warning: no record has the column "zzz"');
  });

  it.each<[name: string, fault: Fault, code: number, words: RegExp]>([
    ['404', { kind: '404' }, 7, /returned 404/],
    ['401 with insufficient_scope', { kind: 'insufficient_scope' }, 4, /lacks a scope/],
    [
      '429 until tomorrow',
      { kind: '429', retryAfter: 86_400 },
      5,
      /asks to wait for 86400 s .*, until 20\d\d-/,
    ],
  ])('fails at the first attempt of a part if the API answers with %s', async (_, fault, exitCode, words) => {
    const schedule = ({ number }: { number: number }) => (number > 4 ? fault : undefined);
    const simulator = await startSimulator({ records: 600, faults: { schedule } });
    const { stderr: log } = worker(genesysEnv(simulator));
    const { code, stderr } = await run(exporting(simulator, 'c.jsonl'), {});
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(/\nerror: part \d of c\.jsonl has failed: /);
    expect(stderr).toMatch(words);
    expect(log.text).not.toContain('retrying');
  });
});
