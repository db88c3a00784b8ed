import { BatchError } from '../batch/index.ts';
import { ConfigurationError } from '../core/index.ts';
import { messageOf } from '../core/internal.ts';

/** The fields of an error of `pg`. Its `detail` and `where` contain values of records, so no message may quote them. */
export interface PostgresFields {
  /** SQLSTATE of the server, or a code of Node such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
  readonly where?: string | undefined;
}

/** Returns whether a value of a record does not fit the table: data exceptions and violated constraints. */
export function isMisfit(error: unknown): boolean {
  return /^2[23]...$/.test(fieldsOf(error).code ?? '');
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
    'GRANT TEMPORARY ON DATABASE. If the user may not create tables, create them first',
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
  return new BatchError(
    `${said}. What was not yet saved is rolled back. Run the same export again to resume.`,
    'ERR_DATABASE',
    { cause },
  );
}

function describe(thrown: unknown): string {
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
