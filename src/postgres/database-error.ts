import { BatchError } from '../batch/index.ts';
import { ConfigurationError } from '../core/index.ts';
import { messageOf } from '../core/internal.ts';

/** The fields of an error of `pg`. Its `detail` and `where` contain values of records, so no message may quote them. */
export interface PostgresFields {
  /** SQLSTATE of the server, or a code of Node such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly where?: string | undefined;
}

/** Returns whether a value of a record does not fit the table: data exceptions and violated constraints. */
export function isMisfit(error: unknown): boolean {
  // P0001: RAISE in a trigger. 54000: a value is too large for an index or for jsonb.
  return /^(2[23]...|P0001|54000)$/.test(fieldsOf(error).code ?? '');
}

export function fieldsOf(error: unknown): PostgresFields {
  return Object(error) as PostgresFields;
}

/** Errors that the user must fix before the same call can succeed, each with what to do. */
const ADVICE: Readonly<Record<string, string>> = {
  '3D000': 'Create the database, or correct its name in the URL or in PGDATABASE',
  '3F000': 'Create the schema (CREATE SCHEMA), or correct the name of the table',
  '42501':
    'Grant the user the rights: GRANT USAGE, CREATE ON SCHEMA for the tables of the export, GRANT SELECT, INSERT, DELETE ON the table, and ' +
    'GRANT TEMPORARY ON DATABASE. A user without CREATE needs tables that an administrator creates; the guide to Postgres lists the statements. ' +
    'Only the owner of a table can add columns (--add-columns). A policy of row level security must allow all rows of the export',
  '42P01': 'A table was removed during the export: run the same export again',
  '42703': 'A column was removed during the export: run the same export again',
  '25006':
    'The server is a read-only replica, or default_transaction_read_only is on: use the URL of the primary server',
};

/**
 * Converts an error of `pg`.
 *
 * @param what happened, for the message.
 * @returns a BatchError `ERR_DATABASE`, or a ConfigurationError if the user must change something first.
 */
export function databaseError(thrown: unknown, what = 'Postgres failed'): Error {
  if (thrown instanceof BatchError || thrown instanceof ConfigurationError) return thrown;
  const { code = '' } = fieldsOf(thrown);
  // Only the server's own words for values contain values.
  const reason = isMisfit(thrown) ? 'a value was refused' : describe(thrown);
  const state = code === '' || reason.includes(code) ? '' : ` (${code})`;
  const said = `${what}: ${reason}${state}`;
  const advice = ADVICE[code];
  if (advice !== undefined) return new ConfigurationError('Postgres', [`${said}. ${advice}`]);
  // The original error has the values of the record.
  const cause = Object.assign(new Error(reason), { code });
  if (/^28/.test(code) || /password must be a string|SASL/.test(reason)) {
    const help =
      'Check the user name and the password (PGUSER, PGPASSWORD or PGPASSFILE), and pg_hba.conf of the server';
    return new BatchError(`${said}. ${help}.`, 'ERR_DATABASE', { cause });
  }
  const hint = HINTS.find(([pattern]) => pattern.test(`${code} ${reason}`))?.[1] ?? '';
  return new BatchError(
    `${said}. ${hint}What was not yet saved is rolled back. Run the same export again to resume.`,
    'ERR_DATABASE',
    { cause },
  );
}

/** What to do about failures, after which the same call can succeed. */
const HINTS: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/^55P03/, 'Another session locks the table: pg_locks shows it. '],
  [/^57014/, 'Raise statement_timeout for the user (ALTER ROLE ... SET statement_timeout). '],
  [/^53100/, 'Free space on the disk of the server. '],
  [/^53300/, 'Raise max_connections, or run fewer exports at once. '],
  [/does not support SSL/, 'Set sslmode=disable (PGSSLMODE) to connect without encryption. '],
  [/certificate/i, 'Name the certificate of the authority (sslrootcert, PGSSLROOTCERT). '],
];

// The message of `pg`, which gives the error no code.
export function isQueryTimeout(error: unknown): boolean {
  return messageOf(error) === 'Query read timeout';
}

function describe(thrown: unknown): string {
  if (isQueryTimeout(thrown)) return 'no answer within the query timeout (query_timeout)';
  // Node tries several addresses of a host, and gives an error without a message if all fail.
  const [first] = (thrown as Partial<AggregateError>).errors ?? [];
  return messageOf(first ?? thrown) || 'the connection failed';
}

/** Returns whether the server refuses the credentials. */
export function isDatabaseRefusal(error: unknown): boolean {
  if (!(error instanceof BatchError) || error.code !== 'ERR_DATABASE') return false;
  const { code = '' } = fieldsOf(error.cause);
  return /^28/.test(code) || /password must be a string|SASL/.test(messageOf(error.cause));
}
