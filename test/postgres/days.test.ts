import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { genesysEnv, run, start } from '../cli/support.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { startSimulator } from '../support/simulated.ts';

const DAYS = ['--days', '2023-10-28/2023-10-30', '--timezone', 'Europe/Berlin'];
const INTERVAL = '2023-10-27T00:00Z/2023-11-01T00:00Z';

describeWithPostgres('days into Postgres', () => {
  const postgres = usePostgres();

  async function exporting(options: Parameters<typeof startSimulator>[0] = {}) {
    const simulator = await startSimulator({ records: 200, interval: INTERVAL, ...options });
    const url = await postgres.database();
    const args = ['export', 'genesys-conversations', '--out', `${url}?table=segments`, '--rate', 'none'];
    return {
      simulator,
      url,
      env: genesysEnv(simulator),
      args: [...args, ...DAYS, '--rows', 'segments'],
      /** The rows of each day in Berlin. */
      days: () =>
        queryAll<{ date: string; records: number; rows: number }>(
          url,
          `SELECT to_char(conversation_start AT TIME ZONE 'Europe/Berlin', 'YYYY-MM-DD') AS date,
             count(DISTINCT conversation_id)::int AS records, count(*)::int AS rows FROM segments GROUP BY 1 ORDER BY 1`,
        ),
      exports: () =>
        queryAll(url, 'SELECT target, name, complete FROM axios_oauth_refresh_exports ORDER BY name'),
    };
  }

  it('are rows of the table of exports, need no request once complete, and are replaced with --reread', async () => {
    const { simulator, url, env, args, days, exports } = await exporting();
    expect((await run(args, env)).code).toBe(0);
    const dates = ['2023-10-28', '2023-10-29', '2023-10-30'];
    const before = await days();
    expect(before.map(({ date }) => date)).toEqual(dates);
    const began = [...simulator.records()].filter(({ conversationStart }) =>
      dates.includes(
        new Date(conversationStart).toLocaleDateString('sv-SE', { timeZone: 'Europe/Berlin' }),
      ),
    );
    expect(before.reduce((sum, { records }) => sum + records, 0)).toBe(began.length);
    const complete = dates.map((name) => ({ target: 'segments', name, complete: true }));
    expect(await exports()).toEqual(complete);

    const counts = { ...simulator.counts };
    const again = await run(args, env);
    expect(again.stderr).toMatch(/^nothing to do: 3 days are complete$/m);
    expect({ code: again.code, counts: simulator.counts }).toEqual({ code: 0, counts });

    // A conversation of the last day that had more segments in the first export, and rows that only the reread corrects.
    await queryAll(
      url,
      `INSERT INTO segments (conversation_id, participant_ordinal, session_ordinal, segment_ordinal, conversation_start)
         SELECT conversation_id, 9, 9, 9, conversation_start FROM segments GROUP BY 1, 5`,
    );
    expect((await run([...args, '--reread', '1'], env)).code).toBe(0);
    const [first, second, last] = await days();
    expect(last).toEqual(before[2]);
    for (const [now, then] of [
      [first, before[0]],
      [second, before[1]],
    ] as const)
      expect(now?.rows).toBe((then?.rows ?? 0) + (then?.records ?? 0));
    expect(await exports()).toEqual(complete);
  });

  it('resume after a kill in the middle of a day', async () => {
    const { simulator, env, args, days, exports } = await exporting({ pageDelay: 0.05 });
    const killed = start([...args, '--page-size', '5'], env);
    await expect.poll(() => simulator.counts.apiRequests, { timeout: 60_000 }).toBeGreaterThan(6);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect((await run([...args, '--page-size', '5'], env)).code).toBe(0);
    expect(await exports()).toHaveLength(3);
    const found = await days();
    const { args: alone, days: expected, env: other } = await exporting();
    await run(alone, other);
    expect(found).toEqual(await expected());
  }, 90_000);

  const psql = join(inject('postgres').bin, 'psql');
  it.runIf(spawnSync(psql, ['--version']).status === 0)(
    'can go through psql from the standard output',
    async () => {
      const { simulator, url, env } = await exporting();
      await queryAll(
        url,
        'CREATE TABLE conversations (conversation_id text PRIMARY KEY, conversation_start timestamptz)',
      );
      const interval = ['--interval', INTERVAL, '--columns', 'conversationId,conversationStart'];
      const { code, stdout } = await run(
        ['export', 'genesys-conversations', ...interval, '--out', '-', '--format', 'csv', '--rate', 'none'],
        env,
      );
      expect(code).toBe(0);
      const copy = String.raw`\copy conversations FROM STDIN WITH (FORMAT csv, HEADER)`;
      const { status, stderr } = spawnSync(psql, [url, '-c', copy], { input: stdout, encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const rows = await queryAll(url, 'SELECT conversation_id FROM conversations ORDER BY 1');
      const ids = [...simulator.records()].map(({ conversationId }) => ({ conversation_id: conversationId }));
      expect(rows).toHaveLength(ids.length);
      expect(new Set(rows.map(({ conversation_id: id }) => id))).toEqual(
        new Set(ids.map(({ conversation_id: id }) => id)),
      );
    },
  );
});
