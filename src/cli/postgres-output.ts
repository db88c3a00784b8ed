import type { Sink } from '../batch/index.ts';
import type { RowLevel } from '../batch/internal.ts';
import { refuse, removeUserInfo } from '../core/internal.ts';
import { isPostgresUrl, postgresTables, splitTable } from '../postgres/internal.ts';
import type { Environment } from '../vendors/environment.ts';
import { passedFlags } from './flags/queue-flags.ts';

/** Flags of an export to Postgres. */
export interface PostgresFlags {
  rows?: RowLevel | undefined;
  addColumns?: boolean | undefined;
}

/** The path of the id of a record, or the parts of its id. */
export type RecordKey = string | readonly string[];

/** Describes a table and its records. */
interface PostgresOutput extends PostgresFlags {
  out: string;
  columns?: readonly string[] | undefined;
  /** The path of the id, or its parts, for records other than conversations; null if the records have no known id. */
  id?: RecordKey | null | undefined;
}

/** Returns the problem of a URL that contains a password, because every user of the machine can see arguments. */
function passwordProblem(out: string): string | undefined {
  // The text and not the parsed URL, because an invalid URL can contain a password too.
  if (!/:\/\/[^/]*:[^/]*@|[?&][^=]*passw/is.test(out)) return undefined;
  return (
    'the URL contains a password, which every user of this machine can see: change the password, and set PGPASSWORD in the environment or in ' +
    'a file named by --env, or use a password file (PGPASSFILE)'
  );
}

/** Returns the table of a URL, for messages; undefined if the output is not in Postgres. */
export function tableOf(out: string): string | undefined {
  const split = isPostgresUrl(out) ? splitTable(out) : undefined;
  return typeof split === 'object' ? split.table : undefined;
}

/**
 * Returns a function that returns the sink of each export into a table.
 *
 * @throws ConfigurationError
 */
export function postgresSinks(
  { out, id, columns, rows, addColumns }: PostgresOutput,
  environment: Environment,
): (name: string) => Sink {
  const split = splitTable(out);
  refuse('--out', [passwordProblem(out) ?? (typeof split === 'string' && `the URL ${split}`)]);
  refuse('--id', [
    id === null && 'missing: in Postgres, the path of the id tells which rows belong to a record',
    // `rows` makes rows of conversations.
    id && rows !== undefined && '--rows requires conversations of Genesys Cloud',
  ]);
  const { url, table } = split as Exclude<typeof split, string>;
  return postgresTables({
    url: withVariables(url, environment),
    table,
    rows,
    columns,
    addColumns,
    ...(id && { id }),
  });
}

/** Adds the variables of libpq to a URL. `pg` reads only the variables of the process, not the file of `--env`. */
function withVariables(text: string, environment: Environment): string {
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE } = environment;
  const url = new URL(text);
  const { searchParams: parameters } = url;
  if (url.hostname === '') {
    url.hostname = PGHOST?.startsWith('/') ? 'localhost' : PGHOST || 'localhost';
    if (PGHOST?.startsWith('/') && !parameters.has('host')) parameters.set('host', PGHOST);
  }
  if (url.port === '' && PGPORT && !parameters.has('port')) url.port = PGPORT;
  if (url.username === '' && PGUSER && !parameters.has('user')) url.username = encodeURIComponent(PGUSER);
  if (PGPASSWORD) url.password = encodeURIComponent(PGPASSWORD);
  if (/^\/?$/.test(url.pathname) && PGDATABASE) url.pathname = `/${encodeURIComponent(PGDATABASE)}`;
  if (PGSSLMODE && !parameters.has('sslmode')) parameters.set('sslmode', PGSSLMODE);
  return url.href;
}

/** Returns the output without user information, for messages. */
export function shownOutput(out: string): string {
  return isPostgresUrl(out) ? removeUserInfo(out) : out;
}

/** @throws ConfigurationError for `--checkpoint`, because the table of checkpoints is beside the table of the records. */
export function refuseCheckpoint(out: string, args: readonly string[]): void {
  refuse('--checkpoint', [
    isPostgresUrl(out) &&
      passedFlags(['--checkpoint'], args).length > 0 &&
      'cannot be combined with Postgres, which stores the checkpoint together with the records: remove it',
  ]);
}
