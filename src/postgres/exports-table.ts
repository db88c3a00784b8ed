import { BatchError } from '../batch/index.ts';
import { isNewerFormat, newerFormat } from '../core/internal.ts';
import type { Connection } from './connection.ts';
import { changeTables } from './create-table.ts';
import { quoted } from './sql.ts';
import type { Target } from './target.ts';

/** The version of the tables of this package. */
const FORMAT = 1;

export const EXPORTS = 'axios_oauth_refresh_exports';
export const JOURNAL = 'axios_oauth_refresh_journal';

/** Identifies an export in the tables of this package. They are in the schema of its target. */
export interface ExportKey {
  readonly target: Pick<Target, 'schema' | 'table'>;
  readonly name: string;
}

/** The row of an export. */
export interface ExportRow {
  readonly checkpoint: string;
  /** How often the export was saved. A run may save only if no other run has saved since. */
  readonly revision: number;
}

export function tableIn({ schema }: Pick<Target, 'schema'>, table: string): string {
  return `${quoted(schema)}.${quoted(table)}`;
}

/** Creates the tables of this package if they do not exist. */
export async function createOwnTables(connection: Connection, target: Target): Promise<void> {
  if ((await exists(connection, target, EXPORTS)) && (await exists(connection, target, JOURNAL))) return;
  await changeTables(connection, [
    `CREATE TABLE IF NOT EXISTS ${tableIn(target, EXPORTS)} (
       target text, name text, format integer NOT NULL, revision bigint NOT NULL, complete boolean NOT NULL,
       checkpoint text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (target, name))`,
    `CREATE TABLE IF NOT EXISTS ${tableIn(target, JOURNAL)} (
       target text, name text, position bigint, data text NOT NULL, PRIMARY KEY (target, name, position))`,
  ]);
}

async function exists(
  { query }: Connection,
  target: Pick<Target, 'schema'>,
  table: string,
): Promise<boolean> {
  const [row] = await query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [
    tableIn(target, table),
  ]);
  return row?.found ?? false;
}

/** Returns the row of an export. @throws BatchError `ERR_CHECKPOINT_DAMAGED` if a newer version wrote it. */
export async function readExport(
  connection: Connection,
  { target, name }: ExportKey,
): Promise<ExportRow | undefined> {
  if (!(await exists(connection, target, EXPORTS))) return undefined;
  const [row] = await connection.query<{ checkpoint: string; revision: string; format: number }>(
    `SELECT checkpoint, revision, format FROM ${tableIn(target, EXPORTS)} WHERE target = $1 AND name = $2`,
    [target.table, name],
  );
  if (!row) return undefined;
  if (isNewerFormat(row.format, FORMAT)) {
    const what = `the export ${JSON.stringify(name)} in ${EXPORTS}`;
    throw new BatchError(`${newerFormat(what, row.format, FORMAT)}.`, 'ERR_CHECKPOINT_DAMAGED');
  }
  return { checkpoint: row.checkpoint, revision: Number(row.revision) };
}

/** Saves the checkpoint of an export that begins, within the transaction of the caller. */
export async function startExport(
  { query }: Connection,
  { target, name }: ExportKey,
  text: string,
): Promise<void> {
  await query(`DELETE FROM ${tableIn(target, JOURNAL)} WHERE target = $1 AND name = $2`, [
    target.table,
    name,
  ]);
  await query(
    `INSERT INTO ${tableIn(target, EXPORTS)} (target, name, format, revision, complete, checkpoint) VALUES ($1, $2, ${FORMAT}, 0, false, $3)
     ON CONFLICT (target, name) DO UPDATE
       SET format = excluded.format, revision = 0, complete = false, checkpoint = excluded.checkpoint, updated_at = now()`,
    [target.table, name, text],
  );
}

/**
 * Saves a checkpoint, within the transaction of the caller. Removes the journal of a complete export.
 *
 * @throws BatchError `ERR_LOCKED` if another run has saved the export since.
 */
export async function saveExport(
  { query }: Connection,
  { target, name }: ExportKey,
  { text, isLast, revision }: { text: string; isLast: boolean; revision: number },
): Promise<void> {
  const saved = await query(
    `UPDATE ${tableIn(target, EXPORTS)} SET checkpoint = $3, complete = $4, revision = revision + 1, format = ${FORMAT}, updated_at = now()
     WHERE target = $1 AND name = $2 AND revision = $5 RETURNING revision`,
    [target.table, name, text, isLast, revision],
  );
  if (saved.length === 0) throw takenOver(name);
  if (isLast)
    await query(`DELETE FROM ${tableIn(target, JOURNAL)} WHERE target = $1 AND name = $2`, [
      target.table,
      name,
    ]);
}

export function takenOver(name: string): BatchError {
  return new BatchError(
    `another run has saved the export ${JSON.stringify(name)} since this run read its checkpoint. Run the same export again to continue ` +
      'after the other run.',
    'ERR_LOCKED',
  );
}
