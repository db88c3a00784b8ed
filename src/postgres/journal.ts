import { BatchError, type JournalStore } from '../batch/index.ts';
import type { Connection } from './connection.ts';
import { type ExportKey, JOURNAL, tableIn } from './exports-table.ts';

/** A journal that keeps appended text in memory until the transaction of the next checkpoint. */
export interface TableJournal extends JournalStore {
  /** Takes the text that was appended so far. @returns a function that writes the text, within the transaction of the caller. */
  take(): (connection: Connection) => Promise<void>;
}

// The rows of a query. A row has the text of a checkpoint interval.
const ROWS = 100;

/** Returns the journal of an export in its table. @param connection returns the connection of the open sink. */
export function tableJournal(connection: () => Connection, key: () => ExportKey): TableJournal {
  let end = 0;
  let waiting: string[] = [];

  async function* read(length: number): AsyncGenerator<string> {
    const { target, name } = key();
    for (let position = 0; position < length; ) {
      const rows = await connection().query<{ data: string }>(
        `SELECT data FROM ${tableIn(target, JOURNAL)} WHERE target = $1 AND name = $2 AND position >= $3 ORDER BY position LIMIT ${ROWS}`,
        [target.table, name, position],
      );
      if (rows.length === 0) throw tooShort(name);
      for (const { data } of rows) {
        position += data.length;
        yield data;
      }
    }
  }

  return {
    async open(length) {
      const { target, name } = key();
      const [found] = await connection().query<{ length: string }>(
        `SELECT coalesce(sum(length(data)), 0) AS length FROM ${tableIn(target, JOURNAL)} WHERE target = $1 AND name = $2`,
        [target.table, name],
      );
      // Journal and checkpoint are saved in one transaction, so another length means that somebody changed the tables.
      if (Number(found?.length) !== length) throw tooShort(name);
      end = length;
      waiting = [];
      return read(length);
    },
    async append(text) {
      waiting.push(text);
    },
    take() {
      const [data, position] = [waiting.join(''), end];
      end += data.length;
      waiting = [];
      return async ({ query }) => {
        if (data === '') return;
        const { target, name } = key();
        await query(
          `INSERT INTO ${tableIn(target, JOURNAL)} (target, name, position, data) VALUES ($1, $2, $3, $4)`,
          [target.table, name, position, data],
        );
      };
    },
  };
}

function tooShort(name: string): BatchError {
  return new BatchError(
    `the journal of the export ${JSON.stringify(name)} in ${JOURNAL} does not belong to its checkpoint: one of the tables was changed. ` +
      'Restore both from a backup, or set restart (--restart) to start over.',
    'ERR_OUTPUT_SHORT',
  );
}
