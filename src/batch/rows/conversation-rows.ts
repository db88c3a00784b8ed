import type { JsonObject } from '../json/json-object.ts';

/** The part of a conversation that becomes a row. */
export const ROW_LEVELS = ['participants', 'sessions', 'segments'] as const;
export type RowLevel = (typeof ROW_LEVELS)[number];

/** Types of columns, in the terms of SQL. `timestamp` has a time zone. */
export type ColumnType = 'text' | 'bigint' | 'double' | 'boolean' | 'timestamp' | 'json';

/** A column with a type. */
export interface TypedColumn {
  /** The name in the API, such as `conversationStart`. */
  readonly name: string;
  readonly type: ColumnType;
}

/** How records become rows of a table. */
export interface RowModel {
  /** In the documented order. */
  readonly columns: readonly TypedColumn[];
  /** The columns that identify the record. All rows of a record have the same values. */
  readonly recordKey: readonly string[];
  /** The columns that identify a row: `recordKey` and ordinals. */
  readonly rowKey: readonly string[];
  /** Returns the rows of a record, at least one. Their members have the names of the columns; other members of the record follow. */
  rowsOf(record: JsonObject): readonly JsonObject[];
}

/** Returns the rows of conversations of Genesys Cloud. @param level undefined: one row per conversation. */
export function conversationRows(level?: RowLevel): RowModel {
  throw new Error(`not implemented: ${level}`);
}
