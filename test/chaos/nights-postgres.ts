import { Client } from 'pg';
import { canonical } from '../../src/batch/checkpoint.ts';
import { conversationRows, type JsonObject, type RowLevel } from '../../src/batch/internal.ts';
import { postgresTable } from '../../src/postgres/index.ts';
import { snakeCase } from '../../src/postgres/sql.ts';
import type { NightsOutput, StoredRecord } from './nights-outputs.ts';

/** A table of Postgres. Its location is the URL of a database. */
export function postgresOutput(level?: RowLevel): NightsOutput {
  const { columns, rowKey, rowsOf } = conversationRows(level);
  const order = rowKey.map(snakeCase).join(', ');

  /** Returns a text that is equal for equal rows, although jsonb keeps no order, and timestamps have other formats. */
  const textOf = (rows: readonly JsonObject[]) =>
    canonical(
      rows.map((row) =>
        Object.fromEntries(
          columns.flatMap(({ name, type }) => {
            const value = row[name] ?? null;
            if (value === null) return [];
            return [[name, type === 'timestamp' ? new Date(String(value)).toISOString() : value]];
          }),
        ),
      ),
    );

  return {
    sink: (url, { date }) => postgresTable({ url, table: 'conversations', name: date, rows: level }),
    textOf: (record) => textOf(rowsOf(record)),
    async *read(url, timeZone, date) {
      const client = new Client(url);
      await client.connect();
      try {
        const { rows } = await client.query<{ date: string; record: JsonObject }>(
          `SELECT * FROM (
             SELECT to_char(conversation_start AT TIME ZONE $1, 'YYYY-MM-DD') AS date, to_jsonb(c) AS record FROM conversations c ORDER BY ${order}
           ) all_rows WHERE $2::text IS NULL OR date = $2`,
          [timeZone, date],
        );
        for (const record of grouped(rows, level !== undefined)) yield record;
      } finally {
        await client.end();
      }
    },
  };

  /** Returns the conversations of ordered rows. */
  function* grouped(
    rows: readonly { date: string; record: JsonObject }[],
    hasParts: boolean,
  ): Iterable<StoredRecord> {
    let parts: JsonObject[] = [];
    for (const [at, { date, record }] of rows.entries()) {
      const id = String(record.conversation_id);
      parts.push(Object.fromEntries(columns.map(({ name }) => [name, record[snakeCase(name)]])));
      if (hasParts && rows[at + 1]?.record.conversation_id === id) continue;
      yield { id, date, text: textOf(parts) };
      parts = [];
    }
  }
}

/** Prints the counts of the table. */
export async function printCounts(url: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  const { rows } = await client.query<Record<string, string>>(
    'SELECT count(*), count(DISTINCT conversation_id) AS "count distinct" FROM conversations',
  );
  for (const [label, value] of Object.entries(rows[0] ?? {})) console.log(`${label.padEnd(15)} ${value}`);
  await client.end();
}
