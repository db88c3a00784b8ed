import { sqlType, type WantedColumn } from './columns.ts';
import type { Connection } from './connection.ts';
import { quoted, quotedList, snakeCase } from './sql.ts';
import type { Target } from './target.ts';

/** The column for the members that have no column. */
export const EXTRA = 'extra';

// Two sessions that create the same table or column at once would fail, also with IF NOT EXISTS.
const LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('axios-oauth-refresh tables', 0))";

/** Runs statements that change tables, in a transaction of their own. */
export async function changeTables({ query }: Connection, statements: readonly string[]): Promise<void> {
  await query('BEGIN');
  try {
    await query(LOCK);
    for (const statement of statements) await query(statement);
    await query('COMMIT');
  } catch (error) {
    await query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Creates the table with a column per member, `extra`, and the primary key. @param key names of columns. */
export async function createTable(
  connection: Connection,
  { sql }: Target,
  wanted: readonly WantedColumn[],
  key: readonly string[],
): Promise<void> {
  const columns = new Map<string, string>();
  for (const { member, type } of wanted) {
    const name = snakeCase(member);
    // Of two members with the same name in snake case, the one with exactly this name gets the column, unless the other is the key. The
    // value of the other goes to `extra`.
    if (!columns.has(name) || (member === name && !key.includes(name))) columns.set(name, sqlType(type));
  }
  // Also if a member has this name, which then goes to the column as a member of the object.
  columns.delete(EXTRA);
  columns.set(EXTRA, 'jsonb');
  const lines = [...columns].map(([name, type]) => `${quoted(name)} ${type}`);
  await changeTables(connection, [
    `CREATE TABLE IF NOT EXISTS ${sql} (${lines.join(', ')}, PRIMARY KEY (${quotedList(key)}))`,
  ]);
}

/** Adds a column per member. Another run may have added the same columns. */
export async function addColumns(
  connection: Connection,
  { sql }: Target,
  wanted: readonly WantedColumn[],
): Promise<void> {
  const added = wanted.map(
    ({ member, type }) => `ADD COLUMN IF NOT EXISTS ${quoted(snakeCase(member))} ${sqlType(type)}`,
  );
  await changeTables(connection, [`ALTER TABLE ${sql} ${added.join(', ')}`]);
}
