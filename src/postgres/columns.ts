import { ExactNumber } from '../batch/index.ts';
import { type ColumnType, isJsonObject } from '../batch/internal.ts';
import { snakeCase } from './sql.ts';
import type { TableColumn } from './target.ts';

/** The type of a new column. `numeric` is the type of numbers that no documentation describes. */
export type NewType = ColumnType | 'numeric';

/** A member of the records that needs a column. */
export interface WantedColumn {
  /** The name of the member, such as `conversationStart`. */
  readonly member: string;
  readonly type: NewType;
}

/** The type of Postgres for each type, and the categories (`typcategory`) of columns that accept its values. */
const TYPES: Readonly<Record<NewType, readonly [sql: string, accepts: string]>> = {
  // E: enum, U: uuid and others, D: date and time, T: interval, I: inet.
  text: ['text', 'SEUDTIX'],
  bigint: ['bigint', 'NS'],
  double: ['double precision', 'NS'],
  numeric: ['numeric', 'NS'],
  boolean: ['boolean', 'BS'],
  timestamp: ['timestamptz', 'DS'],
  json: ['jsonb', 'JS'],
};

export function sqlType(type: NewType): string {
  return TYPES[type][0];
}

/** Returns whether a column accepts the values of a type. The values are sent as text, so Postgres converts them. */
export function accepts({ category }: TableColumn, type: NewType): boolean {
  return TYPES[type][1].includes(category);
}

/** Returns the column of a member: by its exact name, else in snake case, else in lower case. */
export function matchColumn<Column extends { readonly name: string }>(
  member: string,
  columns: readonly Column[],
): Column | undefined {
  const names = [member, snakeCase(member), member.toLowerCase()];
  for (const name of names) {
    const column = columns.find((candidate) => candidate.name === name);
    if (column) return column;
  }
  return undefined;
}

/** Returns the type of the values of a member. A text that looks like a date is a text. */
export function inferType(values: readonly unknown[]): NewType {
  const types = new Set(values.filter((value) => value !== null && value !== undefined).map(typeOf));
  const [type = 'text', ...others] = types;
  return others.length === 0 ? type : 'json';
}

function typeOf(value: unknown): NewType {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber)
    return 'numeric';
  if (typeof value === 'boolean') return 'boolean';
  return isJsonObject(value) || Array.isArray(value) ? 'json' : 'text';
}
