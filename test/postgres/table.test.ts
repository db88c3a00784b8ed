import axios from 'axios';
import { expect, it } from 'vitest';
import { type ExportOptions, exportRecords } from '../../src/batch/index.ts';
import { type PostgresOptions, postgresTable } from '../../src/postgres/index.ts';
import { preparedPages } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';

const api = axios.create({ baseURL: 'http://127.0.0.1:1' });

describeWithPostgres('a table of records', () => {
  const postgres = usePostgres();

  function exportPages(
    url: string,
    pages: readonly (readonly object[])[],
    options: Partial<PostgresOptions> = {},
    more: Partial<ExportOptions> = {},
  ) {
    const source = preparedPages(
      pages.map((items) => ({ items })),
      { identify: (item) => (item as { id?: string }).id },
    );
    const sink = postgresTable({ url, table: 'things', name: 'all', id: 'id', ...options });
    return exportRecords({ api, source, sink, checkpointInterval: 0, ...more });
  }

  it('creates the table with the types of the first records', async () => {
    const url = await postgres.database();
    const records = [
      { id: 'a', sizeOfIt: 1.5, isOpen: true, tags: ['x'], at: '2026-01-01T00:00:00Z', none: null },
      { id: 'b', sizeOfIt: 2, isOpen: null, tags: [], at: 'tab\tline\nback\\slash', none: null },
    ];
    const summary = await exportPages(url, [records]);
    expect(summary).toMatchObject({ records: 2, warnings: [] });
    expect(await queryAll(url, 'SELECT * FROM things ORDER BY id')).toEqual([
      { id: 'a', size_of_it: '1.5', is_open: true, tags: ['x'], at: records[0]?.at, none: null, extra: null },
      { id: 'b', size_of_it: '2', is_open: null, tags: [], at: records[1]?.at, none: null, extra: null },
    ]);
  });
});
