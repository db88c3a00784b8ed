import type { JsonObject } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import { extraColumn, missingProblem } from './check-table.ts';
import { matchColumn, type WantedColumn } from './columns.ts';
import type { Connection } from './connection.ts';
import { addColumns, EXTRA } from './create-table.ts';
import { copyValue, NULL } from './encode.ts';
import type { TableName } from './location.ts';
import type { Model } from './model.ts';
import { snakeCase } from './sql.ts';
import { extendStaging } from './staging.ts';
import { findTarget, labelOf, type TableColumn, type Target } from './target.ts';

/** Decides which column contains which member of the rows. */
export interface RowColumns {
  /** The table, with the columns that were added. */
  readonly target: Target;
  /** The names of the columns that the rows fill. */
  readonly names: readonly string[];
  /** Finds or adds the columns of members. @throws ConfigurationError if the table has no column for a member. */
  place(wanted: readonly WantedColumn[]): Promise<void>;
  /** Returns the members that have no column yet. A member without a value has no type. */
  newMembers(rows: readonly JsonObject[]): string[];
  /** Returns the values of a row for `COPY`, in the order of `names`. */
  lineOf(row: JsonObject): string;
  warnings(): readonly string[];
}

interface ColumnOptions {
  readonly table: TableName;
  readonly model: Model;
  readonly addColumns: boolean;
}

/**
 * @param start the table. @param settled resolves when no statement uses the temporary table.
 */
export function createRowColumns(
  connection: Connection,
  start: Target,
  options: ColumnOptions,
  settled: () => Promise<void>,
): RowColumns {
  const { model } = options;
  let target = start;
  /** The column of each known member; undefined: the member is written to `extra`. */
  const columnOf = new Map<string, TableColumn | undefined>();
  const inExtra = new Set<string>();
  let columns: readonly TableColumn[] = [];
  /** The place of each member among `columns`. */
  let places = new Map<string, number>();

  async function place(wanted: readonly WantedColumn[]): Promise<void> {
    const absent = inOrder(wanted).filter(({ member }) => !assign(member));
    if (absent.length > 0) {
      await settled();
      if (options.addColumns) await add(absent);
      else if (extraColumn(target.columns ?? [])) for (const { member } of absent) keepInExtra(member);
      else refuse(`the table ${labelOf(target)}`, [missingProblem(absent, target)]);
    }
    await settled();
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

  return {
    get target() {
      return target;
    },
    get names() {
      return columns.map(({ name }) => name);
    },
    place,
    newMembers,
    lineOf,
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
