import fc from 'fast-check';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { type BatchError, exportRecords } from '../../src/batch/index.ts';
import { postgresTable } from '../../src/postgres/index.ts';
import { preparedPages } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { api } from './support.ts';

const record = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), n: fc.nat({ max: 99 }) });
const pages = fc.array(fc.array(record, { maxLength: 4 }), { minLength: 1, maxLength: 4 });
const night = fc.record({
  pages,
  name: fc.constantFrom('one', 'two'),
  /** The connection ends after this many pages of the first runs. */
  crashes: fc.array(fc.nat({ max: 3 }), { maxLength: 1 }),
});

describeWithPostgres('exports into a table with repeated ids, lost connections and rereads', () => {
  const postgres = usePostgres();

  it('leave the same rows as a model', async () => {
    const url = await postgres.database();
    const admin = new Client(url);
    await admin.connect();
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(night, { minLength: 1, maxLength: 2 }), async (nights) => {
          const table = `things_${runs++}`;
          const model = new Map<string, number>();
          for (const { pages, name, crashes } of nights) {
            const attempt = (crashAfter?: number) => exportOnce(url, admin, { table, name, pages, crashAfter });
            // `restart` is a reread: the first run of each night starts over, the others resume.
            let isFirst = true;
            for (const crash of [...crashes, undefined]) {
              const { ended, failed } = await attempt(crash)(isFirst);
              if (!failed || (ended as BatchError).code === 'ERR_DATABASE') isFirst = false;
              else throw ended;
            }
            const seen = new Set<string>();
            for (const { id, n } of pages.flat()) {
              // Of the records with the same id, an export writes the first one.
              if (!seen.has(id)) model.set(id, n);
              seen.add(id);
            }
          }
          const rows = model.size === 0 ? [] : (await admin.query(`SELECT id, n::int FROM ${table}`)).rows;
          expect(new Map(rows.map(({ id, n }) => [id, n]))).toEqual(model);
          expect(rows).toHaveLength(model.size);
        }),
        { numRuns: 30, seed: 7 },
      );
      expect(await queryAll(url, 'SELECT * FROM axios_oauth_refresh_journal')).toEqual([]);
    } finally {
      await admin.end();
    }
  }, 240_000);
});

interface Run {
  table: string;
  name: string;
  pages: readonly (readonly { id: string; n: number }[])[];
  crashAfter: number | undefined;
}

function exportOnce(url: string, admin: Client, { table, name, pages, crashAfter }: Run) {
  return async (restart: boolean): Promise<{ failed: boolean; ended: unknown }> => {
    const prepared = preparedPages(
      pages.map((items) => ({ items })),
      { identify: ({ id }: { id: string }) => id },
    );
    let read = 0;
    const source = {
      ...prepared,
      async *read(context: Parameters<typeof prepared.read>[0]) {
        for await (const page of prepared.read(context)) {
          if (read++ === crashAfter) {
            await admin.query(
              "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'axios-oauth-refresh'",
            );
          }
          yield page;
        }
      },
    };
    const sink = postgresTable({ url, table, name, id: 'id' });
    return exportRecords({ api, source, sink, restart, checkpointInterval: 0 }).then(
      (ended) => ({ failed: false, ended }),
      (ended: unknown) => ({ failed: true, ended }),
    );
  };
}
