import axios from 'axios';
import { type ExportOptions, type ExportSummary, exportRecords } from '../../src/batch/index.ts';
import { type PostgresOptions, postgresTable } from '../../src/postgres/index.ts';
import { preparedPages } from '../support/batch.ts';

/** No prepared page sends a request. */
export const api = axios.create({ baseURL: 'http://127.0.0.1:1' });

/** Exports prepared pages into the table `things`, with a checkpoint after each page. */
export function exportPages(
  url: string,
  pages: readonly (readonly object[])[],
  options: Partial<PostgresOptions> = {},
  more: Partial<ExportOptions> = {},
): Promise<ExportSummary> {
  const source = preparedPages(
    pages.map((items) => ({ items })),
    { identify: (item) => (item as { id?: string }).id },
  );
  const sink = postgresTable({ url, table: 'things', name: 'all', id: 'id', ...options });
  return exportRecords<unknown>({ api, source, sink, checkpointInterval: 0, ...more });
}
