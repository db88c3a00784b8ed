import { BatchError } from '../batch/index.ts';
import { checkColumns, type JsonObject } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import { checkTable, extraColumn, keyColumns, missingProblem } from './check-table.ts';
import { matchColumn, type WantedColumn } from './columns.ts';
import type { Connection } from './connection.ts';
import { addColumns, createTable, EXTRA } from './create-table.ts';
import { copyValue, NULL } from './encode.ts';
import type { TableName } from './location.ts';
import { columnsFor, idOf, type Model, membersOf, rowsOf } from './model.ts';
import { snakeCase } from './sql.ts';
import { copyRows, createStaging, extendStaging, mergeRows, type StagedRow } from './staging.ts';
import { findTarget, labelOf, type TableColumn, type Target } from './target.ts';

/** Writes records as rows of a table. */
export interface RowWriter {
  write(records: readonly unknown[]): Promise<void>;
  /** Sends the rows that wait in memory to the server, outside of a transaction. */
  flush(): Promise<void>;
  /** Replaces all rows of the records since the last merge, within the transaction of the caller. */
  merge(): Promise<void>;
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
  let target = await findTarget(connection, options.table);
  /** The column of each known member; undefined: the member is written to `extra`. */
  const columnOf = new Map<string, TableColumn | undefined>();
  const inExtra = new Set<string>();
  let isReady = false;
  let waiting: StagedRow[] = [];
  let size = 0;
  let records = 0;
  let isStaged = false;
  let columns: readonly TableColumn[] = [];
  /** The place of each member among `columns`. */
  let places = new Map<string, number>();
  let copying: Promise<void> = Promise.resolve();

  if (model.wanted) await prepare(model.wanted);
  else if (target.columns) checkTable(target, model, undefined, options.addColumns);

  /** Creates or checks the table once its columns are known. */
  async function prepare(wanted: readonly WantedColumn[]): Promise<void> {
    if (!target.columns) {
      await createTable(connection, target, wanted, model.rowKey.map(snakeCase));
      target = await findTarget(connection, options.table);
    }
    checkTable(target, model, wanted, options.addColumns);
    await createStaging(connection, target);
    isReady = true;
    await place(wanted);
  }

  /** Finds or adds the columns of new members. */
  async function place(wanted: readonly WantedColumn[]): Promise<void> {
    const absent = inOrder(wanted).filter(({ member }) => !assign(member));
    if (absent.length > 0) {
      await flush();
      if (options.addColumns) await add(absent);
      else if (extraColumn(target.columns ?? [])) for (const { member } of absent) keepInExtra(member);
      else refuse(`the table ${labelOf(target)}`, [missingProblem(absent, target)]);
    }
    await flush();
    const extra = extraColumn(target.columns ?? []);
    const used = [...columnOf.values()].filter((column) => column !== undefined);
    columns = extra && !used.includes(extra) ? [...used, extra] : used;
    places = new Map(
      [...columnOf].flatMap(([member, column]) => (column ? [[member, columns.indexOf(column)]] : [])),
    );
  }

  /** The key first, then exact names, because another member can have the same name in snake case. */
  function inOrder(wanted: readonly WantedColumn[]): readonly WantedColumn[] {
    const names = new Set((target.columns ?? []).map(({ name }) => name));
    const rank = ({ member }: WantedColumn) =>
      model.rowKey.includes(member) ? 0 : names.has(member) ? 1 : 2;
    return wanted.toSorted((one, other) => rank(one) - rank(other));
  }

  function assign(member: string): boolean {
    const taken = new Set([...columnOf.values()].map((column) => column?.name));
    const free = (target.columns ?? []).filter(
      ({ name, isWritable }) => isWritable && !taken.has(name) && name !== EXTRA,
    );
    const column = matchColumn(member, free);
    if (column) columnOf.set(member, column);
    return column !== undefined;
  }

  async function add(absent: readonly WantedColumn[]): Promise<void> {
    const before = new Set((target.columns ?? []).map(({ name }) => name));
    // The column of another member may have the same name.
    const addable = absent.filter(
      ({ member }) => snakeCase(member) !== EXTRA && !before.has(snakeCase(member)),
    );
    if (addable.length > 0) await addColumns(connection, target, addable);
    target = await findTarget(connection, options.table);
    await extendStaging(
      connection,
      (target.columns ?? []).filter(({ name }) => !before.has(name)),
    );
    for (const { member } of absent) if (!assign(member)) keepInExtra(member);
  }

  function keepInExtra(member: string): void {
    columnOf.set(member, undefined);
    if (model.wanted?.some((wanted) => wanted.member === member)) return;
    inExtra.add(member);
  }

  /** Returns the members that the records did not have so far. A member without a value has no type. */
  function newMembers(rows: readonly JsonObject[]): string[] {
    const found = new Set<string>();
    for (const row of rows) {
      for (const member of Object.keys(row)) {
        if (!columnOf.has(member) && row[member] !== null && row[member] !== undefined) found.add(member);
      }
    }
    return [...found];
  }

  function lineOf(row: JsonObject): string {
    const cells: string[] = new Array(columns.length).fill(NULL);
    const rest: [string, unknown][] = [];
    for (const [member, value] of Object.entries(row)) {
      if (value === null || value === undefined) continue;
      const at = places.get(member);
      const column = at === undefined ? undefined : columns[at];
      if (at === undefined || !column) rest.push([member, value]);
      else cells[at] = copyValue(value, column);
    }
    const last = columns.at(-1);
    if (rest.length > 0 && last) cells[columns.length - 1] = copyValue(Object.fromEntries(rest), last);
    return cells.join('\t');
  }

  /** Starts to send the rows that wait, so that the export can read pages at the same time. */
  async function send(): Promise<void> {
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    size = 0;
    isStaged = true;
    await copying;
    copying = copyRows(
      connection,
      target,
      columns.map(({ name }) => name),
      rows,
    );
    // The next call of `send` or `flush` rejects with the error.
    copying.catch(() => {});
  }

  async function flush(): Promise<void> {
    await send();
    await copying;
  }

  return {
    flush,
    async write(items) {
      if (items.length === 0) return;
      const all = rowsOf(items, model);
      const flat = all.flat();
      if (!isReady) {
        if (options.chosen) checkColumns(options.chosen, items);
        // A table that exists needs no column for a member without a value.
        const { columns: existing } = target;
        const members = membersOf(flat).filter(
          (member) => !existing || matchColumn(member, existing) || hasValue(flat, member),
        );
        await prepare(columnsFor(flat, members));
      }
      const fresh = newMembers(flat);
      if (fresh.length > 0) await place(columnsFor(flat, fresh));
      for (const rows of all) {
        records++;
        const id = idOf(rows[0] ?? {}, model);
        for (const row of rows) {
          const line = lineOf(row);
          waiting.push({ line, record: records, id });
          size += line.length;
        }
        if (size > MAX_BUFFERED) await send();
      }
    },
    async merge() {
      if (!isStaged) return;
      const key = keyColumns(model.recordKey, target.columns ?? []);
      await mergeRows(
        connection,
        target,
        columns.map(({ name }) => name),
        key,
      );
      isStaged = false;
    },
    warnings() {
      if (inExtra.size === 0) return [];
      const names = [...inExtra].map((name) => JSON.stringify(name)).join(', ');
      return [
        `the table ${labelOf(target)} has no column for ${names}: the values are in its column ${EXTRA}. Set addColumns (--add-columns) ` +
          'to add columns',
      ];
    },
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
