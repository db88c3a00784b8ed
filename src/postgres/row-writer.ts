import { BatchError } from '../batch/index.ts';
import { checkColumns, type JsonObject } from '../batch/internal.ts';
import { checkTable, keyColumns } from './check-table.ts';
import { matchColumn, type WantedColumn } from './columns.ts';
import type { Connection } from './connection.ts';
import { createTable } from './create-table.ts';
import type { TableName } from './location.ts';
import { columnsFor, idOf, type Model, membersOf, rowsOf } from './model.ts';
import { createRowColumns, type RowColumns } from './row-columns.ts';
import { snakeCase } from './sql.ts';
import { copyRows, createStaging, mergeRows, type StagedRow } from './staging.ts';
import { findTarget, labelOf, type Target } from './target.ts';

/** Writes records as rows of a table. */
export interface RowWriter {
  write(records: readonly unknown[]): Promise<void>;
  /**
   * Runs a transaction after the rows so far were sent. Rows that are written meanwhile are sent after the transaction.
   *
   * @param transaction gets a function that replaces all rows of the records since the last transaction.
   */
  commit(transaction: (merge: () => Promise<void>) => Promise<void>): Promise<void>;
  /** Resolves when the server has answered everything that was sent. Rejects with the first error. */
  settled(): Promise<void>;
  warnings(): readonly string[];
}

interface WriterOptions {
  readonly table: TableName;
  readonly model: Model;
  /** The chosen columns, to find misspelt names. */
  readonly chosen: readonly string[] | undefined;
  readonly addColumns: boolean;
}

// In characters. When more rows wait in memory, they are sent to the temporary table.
const MAX_BUFFERED = 1_048_576;

/** Opens a writer: creates or checks the table. @throws ConfigurationError, BatchError */
export async function openRowWriter(connection: Connection, options: WriterOptions): Promise<RowWriter> {
  const { model } = options;
  const found = await findTarget(connection, options.table);
  let waiting: StagedRow[] = [];
  let size = 0;
  let records = 0;
  let isStaged = false;
  /** Undefined until the columns of the rows are known. */
  let columns: RowColumns | undefined;
  // The statements of the connection, which run while the export reads further pages. After an error, no statement runs.
  let statements: Promise<void> = Promise.resolve();

  if (model.wanted) columns = await prepare(model.wanted);
  else if (found.columns) checkTable(found, model, undefined, options.addColumns);

  /** Creates or checks the table once its columns are known. */
  async function prepare(wanted: readonly WantedColumn[]): Promise<RowColumns> {
    let target = found;
    if (!target.columns) {
      await createTable(connection, target, wanted, model.rowKey.map(snakeCase));
      target = await findTarget(connection, options.table);
    }
    checkTable(target, model, wanted, options.addColumns);
    await createStaging(connection, target);
    const created = createRowColumns(connection, target, options, flush);
    await created.place(wanted);
    return created;
  }

  function enqueue(run: () => Promise<void>): Promise<void> {
    statements = statements.then(run);
    // A later call rejects with the error.
    statements.catch(() => {});
    return statements;
  }

  function send(): void {
    if (waiting.length === 0 || !columns) return;
    const rows = waiting;
    const { target, names } = columns;
    waiting = [];
    size = 0;
    isStaged = true;
    enqueue(() => copyRows(connection, target, names, rows));
  }

  async function flush(): Promise<void> {
    send();
    await statements;
  }

  return {
    async write(items) {
      if (items.length === 0) return;
      const all = rowsOf(items, model);
      const flat = all.flat();
      if (!columns) {
        await statements;
        if (options.chosen) checkColumns(options.chosen, items);
        // A table that exists needs no column for a member without a value.
        const { columns: existing } = found;
        const members = membersOf(flat).filter(
          (member) => !existing || matchColumn(member, existing) || hasValue(flat, member),
        );
        columns = await prepare(columnsFor(flat, members));
      }
      const fresh = columns.newMembers(flat);
      if (fresh.length > 0) await columns.place(columnsFor(flat, fresh));
      for (const rows of all) {
        records++;
        const id = idOf(rows[0] ?? {}, model);
        for (const row of rows) {
          const line = columns.lineOf(row);
          waiting.push({ line, record: records, id });
          size += line.length;
        }
        if (size > MAX_BUFFERED) {
          // At most one batch of rows waits for the server.
          await statements;
          send();
        }
      }
    },
    commit(transaction) {
      send();
      const staged = isStaged ? columns : undefined;
      isStaged = false;
      return enqueue(() =>
        transaction(async () => {
          if (!staged) return;
          const { target, names } = staged;
          await mergeRows(connection, target, names, keyColumns(model.recordKey, target.columns ?? []));
        }),
      );
    },
    settled: () => statements,
    warnings: () => columns?.warnings() ?? [],
  };
}

/** @throws BatchError `ERR_OUTPUT_SHORT` if an export has rows, but its table does not exist. */
export function refuseMissing(target: Target): void {
  if (target.columns) return;
  throw new BatchError(
    `the table ${labelOf(target)} no longer exists, but the export has written rows to it. Restore the table, or set restart (--restart) ` +
      'to export again.',
    'ERR_OUTPUT_SHORT',
    { resumable: false },
  );
}

function hasValue(rows: readonly JsonObject[], member: string): boolean {
  return rows.some((row) => row[member] !== null && row[member] !== undefined);
}
