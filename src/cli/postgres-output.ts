import type { Sink } from '../batch/index.ts';
import type { RowLevel } from '../batch/internal.ts';
import { refuse, removeUserInfo } from '../core/internal.ts';
import { isPostgresUrl, postgresTables, splitTable, withVariables } from '../postgres/internal.ts';
import type { Environment } from '../vendors/environment.ts';

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
  /** The paths that identify a record, for records other than conversations; null if the records have no known id. */
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
    id === null &&
      'missing: in Postgres, the path of the id tells which rows belong to a record. If the records have no id, export to a file',
    // `rows` makes rows of conversations.
    id && rows !== undefined && '--rows requires conversations of Genesys Cloud',
  ]);
  const { url, table } = split as Exclude<typeof split, string>;
  return postgresTables({
    // `pg` reads only the variables of the process, not the file of `--env`.
    url: withVariables(url, environment),
    table,
    rows,
    columns,
    addColumns,
    ...(id && { id }),
  });
}

/** Returns the output without user information, for messages. */
export function shownOutput(out: string): string {
  return isPostgresUrl(out) ? removeUserInfo(out) : out;
}
