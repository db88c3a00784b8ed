import { expect, it } from 'vitest';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { type KillAfter, runOnPages } from '../support/run-on-pages.ts';
import { somePages } from '../support/some-pages.ts';

const KILLS = Number(process.env.KILLS ?? 3);
const PAGES = somePages(100 + 6 * KILLS);

const run = (url: string, killAfter?: KillAfter) =>
  runOnPages(new URL('../support/postgres-export-script.ts', import.meta.url), PAGES, url, killAfter);

describeWithPostgres('an export to Postgres that is killed with SIGKILL', () => {
  const postgres = usePostgres();

  it(
    `has the rows of its checkpoint after each of ${KILLS} kills at random moments, and each record once`,
    async () => {
      const url = await postgres.database();
      let saved = 0;
      for (let kills = 0; kills < KILLS; kills++) {
        const killAfter = { requests: 3 + Math.floor(Math.random() * 6), delay: Math.random() * 8 };
        expect(await run(url, killAfter)).toMatchObject({ signal: 'SIGKILL' });
        const [state] = await queryAll<{ rows: number; records: number }>(
          url,
          `SELECT (SELECT count(*)::int FROM things) AS rows, (checkpoint::json->'state'->>'records')::int AS records
         FROM axios_oauth_refresh_exports`,
        );
        expect(state?.rows).toBe(state?.records);
        expect(state?.rows).toBeGreaterThanOrEqual(saved);
        saved = state?.rows ?? 0;
      }
      expect(saved).toBeGreaterThan(0);
      const expected = new Map<string, string>();
      // The export keeps the first of two records with the same id.
      for (const { id, text } of PAGES.flatMap(({ items }) => items)) {
        if (!expected.has(id)) expected.set(id, text);
      }
      const last = await run(url);
      expect(last).toMatchObject({ signal: null, output: `${expected.size}\n` });
      expect(last.requests).toBeLessThan(PAGES.length);
      const rows = await queryAll<{ id: string; text: string }>(url, 'SELECT id, text FROM things');
      expect(rows).toHaveLength(expected.size);
      expect(new Map(rows.map(({ id, text }) => [id, text]))).toEqual(expected);
      expect(await queryAll(url, 'SELECT * FROM axios_oauth_refresh_journal')).toEqual([]);
    },
    60_000 + 10_000 * KILLS,
  );
});
