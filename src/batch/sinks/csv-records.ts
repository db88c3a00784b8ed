import { BatchError } from '../errors.ts';
import { ExactNumber } from '../json/exact-number.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { toJson } from '../json/to-json.ts';
import type { RowModel } from '../rows/conversation-rows.ts';
import type { Column } from './columns.ts';

/** Returns the objects that become lines of CSV. @throws BatchError `ERR_RECORD` if a record is not an object. */
export function csvRecords(items: readonly unknown[], model: RowModel | undefined): readonly JsonObject[] {
  const records = items.map(objectOf);
  return model ? records.flatMap((record) => model.rowsOf(record)) : records;
}

function objectOf(item: unknown): JsonObject {
  if (isJsonObject(item)) return item;
  const isNumber = item instanceof ExactNumber;
  const what = Array.isArray(item)
    ? 'a list'
    : item === null
      ? 'null'
      : `a ${isNumber ? 'number' : typeof item}`;
  throw new BatchError(
    `a record is ${what}, but CSV requires objects. Write JSON Lines instead.`,
    'ERR_RECORD',
  );
}

export function namesOf(records: readonly JsonObject[]): readonly string[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  if (names.length > 0) return names;
  const message =
    'the records of the first page have no members, so the columns are unknown. Set columns (--columns).';
  throw new BatchError(message, 'ERR_RECORD', { resumable: false });
}

/** Returns, for each record, the names of members that are neither a column nor null. */
function otherMembers(
  records: readonly JsonObject[],
  columns: readonly Column[],
): readonly (readonly string[])[] {
  const known = new Set(columns.map(({ name }) => name));
  return records.map((record) =>
    Object.keys(record).filter((name) => !known.has(name) && (record[name] ?? null) !== null),
  );
}

export function refuseOtherMembers(records: readonly JsonObject[], columns: readonly Column[]): void {
  const other = otherMembers(records, columns).flat()[0];
  if (other === undefined) return;
  throw new BatchError(
    `a record has the member ${JSON.stringify(other)}, but the columns come from the first page, where no record has it. ` +
      'Name all columns in columns (--columns), and set restart (--restart) to start over, which keeps the current file under another name.',
    'ERR_RECORD',
    { resumable: false },
  );
}

/** Rows with members that are not columns. */
export type OtherMembers = {
  readonly rows: number;
  /** The first names. */
  readonly names: readonly string[];
};

// Names come from the API, and a checkpoint must stay small.
const MAX_NAMES = 20;

/** Counts the rows of a page that have members which are not columns. */
export function countOtherMembers(
  { rows, names }: OtherMembers,
  page: readonly JsonObject[],
  columns: readonly Column[],
): OtherMembers {
  const others = otherMembers(page, columns).filter((found) => found.length > 0);
  const all = [...new Set([...names, ...others.flat()])];
  return { rows: rows + others.length, names: all.slice(0, MAX_NAMES) };
}

/** Describes rows with members that are not columns; empty if no row has any. */
export function otherMembersWarning({ rows, names }: OtherMembers): readonly string[] {
  if (rows === 0) return [];
  const subject = rows === 1 ? '1 row has fields that are' : `${rows} rows have fields that are`;
  return [
    `${subject} not columns, and the output does not contain them: ${names.map((name) => JSON.stringify(name)).join(', ')}. ` +
      'Name the columns in columns (--columns) to write them',
  ];
}

/** Returns a value for csv-stringify. Numbers stay numbers, because `escape_formulas` would escape the text of a negative number. */
export function fieldOf(value: unknown): string | number | ExactNumber | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || value instanceof ExactNumber) return value;
  return typeof value === 'boolean' ? String(value) : toJson(value);
}
