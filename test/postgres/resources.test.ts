import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { genesysEnv, run } from '../cli/support.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { startSimulator } from '../support/simulated.ts';

describeWithPostgres('resources in Postgres', () => {
  const postgres = usePostgres();

  /** Runs an export into the table `records` twice. */
  async function exported(args: readonly string[]) {
    const simulator = await startSimulator({ records: 48 });
    const url = await postgres.database();
    const { username, password, host, pathname } = new URL(url);
    const out = `postgres://${username}@${host}${pathname}?table=records`;
    const env = { ...genesysEnv(simulator), PGPASSWORD: password };
    const all = ['export', 'genesys', ...args, '--out', out, '--rate', 'none'];
    expect(await run(all, env)).toMatchObject({ code: 0 });
    expect(await run([...all, '--restart'], env)).toMatchObject({ code: 0 });
    return (sql: string) => queryAll(url, sql);
  }

  it('have the id of the table of resources as their key', async () => {
    const query = await exported(['users']);
    expect(await query('SELECT count(*)::int AS count FROM records')).toEqual([{ count: 64 }]);
  });

  it('keep a user who is a member of several queues once for each queue', async () => {
    const query = await exported(['queue-members']);
    const [counts] = await query(
      'SELECT count(*)::int AS rows, count(DISTINCT (queue_id, id))::int AS pairs, count(DISTINCT id)::int AS users FROM records',
    );
    expect(counts).toMatchObject({ rows: counts?.pairs });
    expect(Number(counts?.users)).toBeLessThan(Number(counts?.rows));
  });

  it('keep each group and period of aggregates once', async () => {
    const query = join(await temporaryDirectory(), 'query.json');
    await writeFile(
      query,
      JSON.stringify({ metrics: ['nConnected'], groupBy: ['queueId'], granularity: 'PT1H' }),
    );
    const rows = await exported([
      'conversation-aggregates',
      '--query',
      query,
      '--interval',
      '2023-10-02/2023-10-03',
    ]);
    expect(await rows('SELECT count(*)::int AS count FROM records')).toEqual([{ count: 16 * 24 }]);
  });

  it('refuses records without an id before it sends a request', async () => {
    const args = ['export', 'genesys', 'user-details', '--interval', '2023-10-02/2023-10-03'];
    const { code, stderr } = await run([...args, '--out', 'postgres://127.0.0.1:1/x?table=t'], {});
    expect(code).toBe(2);
    expect(stderr).toContain(
      'user-details cannot be written to Postgres, because its records have no ID: write a file',
    );
  });
});
