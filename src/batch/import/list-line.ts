import { isJsonObject } from '../json/json-object.ts';
import { toJsonLine } from '../json/to-json.ts';
import type { InputRecord } from './input.ts';
import type { ListName, Origin } from './list-record.ts';

/** A line of a rejects or unresolved file: an object with two members, `rejected` or `unresolved`, and `record` or `text`. */
export interface ListLine {
  readonly list: ListName;
  /** Undefined if the user has changed it. */
  readonly origin: Origin | undefined;
  readonly reason: string | undefined;
  /** The record, or the text of a row that could not be read. */
  readonly content: { readonly record: unknown } | { readonly text: unknown };
}

const IMPORT_ID = /^[0-9a-f]{12}$/;

/** Reads a value as a line of a list; returns undefined for any other value. */
export function readListLine(value: unknown): ListLine | undefined {
  if (!isJsonObject(value)) return undefined;
  const names = Object.keys(value);
  const list = (['rejected', 'unresolved'] as const).find((name) => names.includes(name));
  if (list === undefined || names.length !== 2) return undefined;
  const { record, text } = value;
  const content = names.includes('record') ? { record } : names.includes('text') ? { text } : undefined;
  if (!content) return undefined;
  const about = value[list];
  const { import: id, line, reason, unresolved } = isJsonObject(about) ? about : {};
  const hasOrigin = Number.isSafeInteger(line) && (id === undefined || IMPORT_ID.test(String(id)));
  return {
    // A record that was unresolved may be stored, even if the API refused it later.
    list: unresolved === true ? 'unresolved' : list,
    origin: hasOrigin ? { import: id as string | undefined, line: line as number } : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
    content,
  };
}

/** A record with the reason for which it is not accepted. */
interface ListedRecord {
  readonly record: InputRecord;
  readonly reason?: string | undefined;
  readonly status?: number | undefined;
}

/** Returns the line of a list for a record. @param importId the id of the import. */
export function toListLine(
  list: ListName,
  { record, reason, status }: ListedRecord,
  importId: string | undefined,
): string {
  const origin = record.origin ?? { import: importId, line: record.line };
  const about = {
    ...(origin.import !== undefined && { import: origin.import }),
    line: origin.line,
    ...(status !== undefined && { status }),
    reason,
    ...(list === 'rejected' && record.list === 'unresolved' && { unresolved: true }),
  };
  const content = record.bad ? { text: record.bad.text } : { record: record.value };
  return toJsonLine({ [list]: about, ...content });
}
