export { isDatabaseRefusal } from './database-error.ts';
export { isPostgresUrl, splitTable } from './location.ts';
export { postgresTables } from './postgres-table.ts';
export { withVariables } from './variables.ts';
