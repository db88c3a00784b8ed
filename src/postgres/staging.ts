import { BatchError } from '../batch/index.ts';
import type { Connection } from './connection.ts';
import { copyIn } from './copy-in.ts';
import { databaseError, fieldsOf, isMisfit } from './database-error.ts';
import { quoted, quotedList } from './sql.ts';
import { labelOf, type Target } from './target.ts';

const STAGING = 'pg_temp.axios_oauth_refresh_rows';
/** The column with the number of a row's record. If a record came twice, only the rows with the higher number are written. */
const RECORD = 'axios_oauth_refresh_record';

/** The rows of a transaction, as text for `COPY`. */
export interface StagedRow {
  /** The values in the order of the columns, with tabs between them. */
  readonly line: string;
  /** The number of the record. */
  readonly record: number;
  /** The id of the record, for messages. */
  readonly id: string;
}

/**
 * Creates the temporary table with the columns and types of the table. Drops an earlier one, which must be empty.
 *
 * The temporary table belongs to the session, not to a transaction, so that no transaction stays open while the export waits for pages.
 */
export async function createStaging({ query }: Connection, target: Target): Promise<void> {
  const writable = (target.columns ?? []).filter((column) => column.isWritable).map(({ name }) => name);
  await query(`DROP TABLE IF EXISTS ${STAGING}`);
  await query(
    `CREATE TEMP TABLE axios_oauth_refresh_rows AS SELECT 0::bigint AS ${RECORD}, ${quotedList(writable)} FROM ${target.sql} WITH NO DATA`,
  );
}

/** Adds the columns that were added to the table. */
export async function extendStaging(
  { query }: Connection,
  added: readonly { readonly name: string; readonly type: string }[],
): Promise<void> {
  const changes = added.map(({ name, type }) => `ADD COLUMN ${quoted(name)} ${type}`);
  if (changes.length > 0) await query(`ALTER TABLE ${STAGING} ${changes.join(', ')}`);
}

/** Copies rows. @throws BatchError `ERR_RECORD` that names the column and the record if a value does not fit. */
export async function copyRows(
  { client }: Connection,
  target: Target,
  columns: readonly string[],
  rows: readonly StagedRow[],
): Promise<void> {
  const statement = `COPY ${STAGING} (${RECORD}, ${quotedList(columns)}) FROM STDIN`;
  const text = rows.map(({ line, record }) => `${record}\t${line}\n`).join('');
  try {
    await copyIn(client, statement, Buffer.from(text));
  } catch (error) {
    const [line, column] = lineAndColumn(fieldsOf(error).where ?? '');
    throw misfitError(error, target, { column, id: rows[Number(line) - 1]?.id });
  }
}

/** Parses `COPY axios_oauth_refresh_rows, line 3, column duration: "abc"`. The end is a value of the record. */
function lineAndColumn(where: string): [line: string | undefined, column: string | undefined] {
  const [, line, column] = /, line (\d+)(?:, column (.+?)(?:: |$))?/.exec(where) ?? [];
  return [line, column];
}

/**
 * Replaces all rows of the staged records, within the transaction of the caller.
 *
 * @param columns that the rows fill. @param recordKey the columns that identify a record.
 */
export async function mergeRows(
  { client }: Connection,
  target: Target,
  columns: readonly string[],
  recordKey: readonly string[],
): Promise<void> {
  const sameRecord = recordKey.map((name) => `old.${quoted(name)} = staged.${quoted(name)}`).join(' AND ');
  const keys = quotedList(recordKey);
  const list = quotedList(columns);
  try {
    // Two exports that write the same record at once would both insert its rows.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `axios-oauth-refresh the rows of ${labelOf(target)}`,
    ]);
    await client.query(`DELETE FROM ${target.sql} old USING ${STAGING} staged WHERE ${sameRecord}`);
    // Few records come twice. A window function over all rows would sort them with all their columns.
    await client.query(
      `DELETE FROM ${STAGING} old USING (
         SELECT ${keys}, max(${RECORD}) AS axios_oauth_refresh_last FROM ${STAGING} GROUP BY ${keys} HAVING min(${RECORD}) < max(${RECORD})
       ) staged WHERE ${sameRecord} AND ${RECORD} < axios_oauth_refresh_last`,
    );
    await client.query(`INSERT INTO ${target.sql} (${list}) SELECT ${list} FROM ${STAGING}`);
    await client.query(`TRUNCATE ${STAGING}`);
  } catch (error) {
    throw misfitError(error, target);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  '22001': 'it is too long',
  '22003': 'it is out of range',
  '22007': 'it is not a valid date or time',
  '22008': 'it is out of range',
  '22P02': 'it has another type',
  '22P05': 'the encoding of the database lacks one of its characters',
  '23502': 'it is missing',
  '23514': 'no partition accepts it',
  '54000': 'it is too large',
  P0001: 'a trigger refuses it',
};

/** Converts an error about a value. The message never contains the value. */
export function misfitError(
  error: unknown,
  target: Target,
  { column, id }: { column?: string | undefined; id?: string | undefined } = {},
): Error {
  if (!isMisfit(error)) return databaseError(error);
  const { code = '', constraint, column: named } = fieldsOf(error);
  const name = column ?? named;
  const found = target.columns?.find((candidate) => candidate.name === name);
  const type = found ? ` (${found.type})` : '';
  const where = name === undefined ? '' : ` the column ${name}${type} of`;
  const because =
    constraint === undefined ? (REASONS[code] ?? 'Postgres refuses it') : `it violates ${constraint}`;
  const change =
    constraint !== undefined
      ? `Change the constraint, such as ALTER TABLE ${violated(error, target)} DROP CONSTRAINT ${quoted(constraint)},`
      : name === undefined
        ? 'Change the table'
        : `Change the table, such as ALTER TABLE ${target.sql} ALTER COLUMN ${quoted(name)} ${code === '23502' ? 'DROP NOT NULL' : 'TYPE text'},`;
  return new BatchError(
    `a value of ${id === undefined ? 'a record' : `the record ${id}`} does not fit${where} the table ${labelOf(target)}: ${because} ` +
      `(SQLSTATE ${code}). What was saved before stays. ${change} ` +
      `and run the same export again to resume.`,
    'ERR_RECORD',
    { cause: Object.assign(new Error(`SQLSTATE ${code}`), { code }) },
  );
}

/** Returns the table with a violated constraint: the constraint can be a foreign key of another table. */
function violated(error: unknown, target: Target): string {
  const { schema, table } = fieldsOf(error);
  return schema === undefined || table === undefined ? target.sql : `${quoted(schema)}.${quoted(table)}`;
}
