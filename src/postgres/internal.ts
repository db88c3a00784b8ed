export { isDatabaseRefusal } from './database-error.ts';
export { isPostgresUrl, splitTable } from './location.ts';
