export { isDatabaseRefusal } from './database-error.ts';
export { isPostgresUrl, splitTable } from './location.ts';
export { type PostgresOptions, postgresTables } from './postgres-table.ts';
