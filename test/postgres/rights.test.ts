import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { exportPages } from './support.ts';

describeWithPostgres('a user without the right to create tables', () => {
  const postgres = usePostgres();

  it('exports into tables that an administrator created as the guide shows', async () => {
    const admin = await postgres.database();
    const role = `limited_${new URL(admin).pathname.slice(-8)}`;
    await queryAll(
      admin,
      `CREATE ROLE ${role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE SCHEMA reports`,
    );
    await queryAll(admin, 'CREATE TABLE reports.things (id text PRIMARY KEY, n integer, extra jsonb)');
    const url = new URL(admin);
    url.username = role;
    const table = 'reports.things';
    const pages = [[{ id: 'a', n: 1 }]];
    const run = (options = {}) => exportPages(url.href, pages, { table, ...options });
    try {
      await expect(run()).rejects.toThrow(
        /42501.*A user without CREATE needs tables that an administrator creates/,
      );

      const guide = await readFile('docs/guides/postgres.md', 'utf8');
      const statements = /```sql\n(CREATE TABLE reports\.axios.*?)```/s.exec(guide)?.[1] ?? '';
      const grants = /```sql\n(GRANT USAGE ON .*?)```/s.exec(guide)?.[1] ?? '';
      const database = new URL(admin).pathname.slice(1);
      await queryAll(
        admin,
        `${statements}${grants}`
          .replaceAll('reports.segments', 'reports.things')
          .replaceAll('DATABASE reports', `DATABASE ${database}`)
          .replaceAll('TO exporter', `TO ${role}`),
      );
      expect(await run()).toMatchObject({ records: 1 });
      expect(await run()).toMatchObject({ alreadyComplete: true });
      expect(await exportPages(url.href, pages, { table }, { restart: true })).toMatchObject({ records: 1 });
      const wrong = exportPages(url.href, [[{ id: 'b', more: 1 }]], {
        table,
        name: 'more',
        addColumns: true,
      });
      await expect(wrong).rejects.toThrow('Only the owner of a table can add columns');
      expect(await queryAll(admin, 'SELECT id FROM reports.things')).toEqual([{ id: 'a' }]);

      await queryAll(admin, 'ALTER TABLE reports.things ENABLE ROW LEVEL SECURITY');
      await expect(exportPages(url.href, [[{ id: 'c' }]], { table, name: 'policies' })).rejects.toThrow(
        'A policy of row level security',
      );
    } finally {
      await queryAll(admin, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
