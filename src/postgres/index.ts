export { type PostgresOptions, postgresTable } from './postgres-table.ts';
