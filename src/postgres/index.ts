export type { PostgresOptions } from './options.ts';
export { postgresTable } from './postgres-table.ts';
