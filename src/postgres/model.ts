import { BatchError } from '../batch/index.ts';
import {
  conversationRows,
  isJsonObject,
  type JsonObject,
  pathReader,
  type RowLevel,
} from '../batch/internal.ts';
import { inferType, type NewType, type WantedColumn } from './columns.ts';

/** How records become rows of the table. */
export interface Model {
  /** The members that have a column; undefined: the members of the first records. */
  readonly wanted: readonly WantedColumn[] | undefined;
  /** The members that identify a record. */
  readonly recordKey: readonly string[];
  /** The members that identify a row. */
  readonly rowKey: readonly string[];
  rowsOf(record: JsonObject): readonly JsonObject[];
}

/** The options of the model. */
interface ModelOptions {
  rows?: RowLevel | undefined;
  id?: readonly string[] | undefined;
  columns?: readonly string[] | undefined;
}

export function modelOf({ rows, id, columns }: ModelOptions): Model {
  return id === undefined || rows !== undefined
    ? conversationModel(rows, columns)
    : recordModel([id].flat(), columns);
}

function conversationModel(level: RowLevel | undefined, columns: readonly string[] | undefined): Model {
  const { recordKey, rowKey, rowsOf, ...model } = conversationRows(level, {
    allParents: columns !== undefined,
  });
  const typed = new Map<string, NewType>(model.columns.map(({ name, type }) => [name, type]));
  if (columns === undefined) {
    return {
      wanted: [...typed].map(([member, type]) => ({ member, type })),
      recordKey,
      rowKey,
      rowsOf,
    };
  }
  const members = [...new Set([...rowKey, ...columns])];
  return {
    wanted: members.map((member) => ({ member, type: typed.get(member) ?? 'json' })),
    recordKey,
    rowKey,
    rowsOf: (record) => rowsOf(record).map(picker(members)),
  };
}

function recordModel(id: readonly string[], columns: readonly string[] | undefined): Model {
  const members = columns && [...new Set([...id, ...columns])];
  const pick = members && picker(members);
  const pickId = picker(id);
  return {
    wanted: undefined,
    recordKey: id,
    rowKey: id,
    // A path such as `user.id` is not a member of the record.
    rowsOf: (record) => [pick ? pick(record) : { ...pickId(record), ...record }],
  };
}

/** Returns a function that makes a row of the values at some paths. */
function picker(paths: readonly string[]): (record: JsonObject) => JsonObject {
  const readers = paths.map((path) => [path, pathReader(path)] as const);
  return (record) => Object.fromEntries(readers.map(([path, read]) => [path, read(record)]));
}

/** Returns the columns for the members of rows, with the types of their values. */
export function columnsFor(rows: readonly JsonObject[], members = membersOf(rows)): WantedColumn[] {
  return members.map((member) => ({ member, type: inferType(rows.map((row) => row[member])) }));
}

export function membersOf(rows: readonly JsonObject[]): string[] {
  return [...new Set(rows.flatMap(Object.keys))];
}

/** Returns the id of a record, for messages. */
export function idOf(row: JsonObject, { recordKey }: Model): string {
  return recordKey.map((member) => JSON.stringify(String(row[member]))).join(', ');
}

/** Returns the rows of records, a list per record. @throws BatchError `ERR_RECORD` */
export function rowsOf(records: readonly unknown[], model: Model): (readonly JsonObject[])[] {
  return records.map((record) => {
    if (!isJsonObject(record)) throw refused('a record is not a JSON object, and cannot be a row of a table');
    const rows = model.rowsOf(record);
    for (const member of model.recordKey) {
      const value = rows[0]?.[member] ?? undefined;
      if (value === undefined || value === '')
        throw refused(
          `a record has no ${JSON.stringify(member)}, which identifies its rows in Postgres. Correct id (--id)`,
        );
    }
    return rows;
  });
}

function refused(message: string): BatchError {
  return new BatchError(`${message}.`, 'ERR_RECORD');
}
