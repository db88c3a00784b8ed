import { expect, it } from 'vitest';
import { genesysEnv, run } from '../cli/support.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { startSimulator } from '../support/simulated.ts';

describeWithPostgres('export genesys-conversations --out postgres://', () => {
  const postgres = usePostgres();

  it.each([
    [[], 1],
    [['--rows', 'segments'], 2],
  ])('writes each conversation once, with the flags %j', async (flags, least) => {
    const simulator = await startSimulator({ records: 60 });
    const url = new URL(await postgres.database());
    const env = { ...genesysEnv(simulator), PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username };
    const out = `postgres://${url.pathname}?table=conversations`;
    const args = [
      'export',
      'genesys-conversations',
      '--interval',
      simulator.interval,
      '--out',
      out,
      ...flags,
    ];
    expect(await run([...args, '--page-size', '20'], env)).toMatchObject({ code: 0, stdout: '' });
    const [counts] = await queryAll<{ rows: number; records: number }>(
      url.href,
      'SELECT count(*)::int AS rows, count(DISTINCT conversation_id)::int AS records FROM conversations',
    );
    expect(counts?.records).toBe(60);
    expect(counts?.rows).toBeGreaterThanOrEqual(60 * least - 60 * (least - 1));
    expect((await run([...args, '--page-size', '20'], env)).stderr).toContain('already complete: 60 records');
    expect((await run([...args, '--page-size', '20', '--restart'], env)).code).toBe(0);
    expect(await queryAll(url.href, 'SELECT count(*)::int AS rows FROM conversations')).toEqual([
      { rows: counts?.rows },
    ]);
  });

  it.each<[string, string[], string]>([
    ['postgres://u:secret-word@h/d?table=t', [], 'the URL contains a password'],
    ['postgres://h/d', [], 'must name the table once'],
    ['postgres://h/d?table=t&tabel=x', [], 'unknown parameter: tabel'],
    ['postgres://h/d?table=t', ['--bom'], '--bom cannot be combined with Postgres'],
    ['postgres://h/d?table=t', ['--format', 'csv'], '--format csv cannot be combined with Postgres'],
    ['postgres://h/d?table=t', ['--checkpoint', 'x'], 'cannot be combined with Postgres'],
    ['x.jsonl', ['--add-columns'], '--add-columns requires Postgres'],
  ])('refuses --out %s with %j', async (out, flags, part) => {
    const simulator = await startSimulator();
    const { interval } = simulator;
    const args = ['export', 'genesys-conversations', '--interval', interval, '--out', out, ...flags];
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(part) });
    expect(stderr).not.toContain('secret-word');
    expect(simulator.counts.apiRequests).toBe(0);
  });

  it('refuses a table with other columns before the first request', async () => {
    const simulator = await startSimulator();
    const url = await postgres.database();
    await queryAll(
      url,
      'CREATE TABLE conversations (conversation_id text PRIMARY KEY, conversation_start integer)',
    );
    const args = ['export', 'genesys-conversations', '--interval', simulator.interval];
    const { code, stderr } = await run(
      [...args, '--out', `${url}?table=conversations`],
      genesysEnv(simulator),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('it has other columns');
    expect(stderr).toContain(
      'the column conversation_start has the type integer, but conversationStart needs timestamptz',
    );
    expect(simulator.counts.apiRequests).toBe(0);
  });
});
