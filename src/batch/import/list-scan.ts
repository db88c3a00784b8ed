import { createHash } from 'node:crypto';
import { digestOf, digestOfRecord } from '../digest.ts';
import { type InputRecord, type RecordInput, START } from './input.ts';
import type { ListName } from './list-record.ts';
import type { ImportTarget } from './target.ts';

/** A record of a list, without its values: a large list must not fill the memory. */
export interface ScannedRecord {
  /** Number of the first line of the record, from 1. */
  readonly line: number;
  /** The id of the import that read the record first. */
  readonly importId: string;
  /** Identifies the record within that import. It stays the same when the user corrects the record. */
  readonly key: string;
  /** The digest of the record as it is now. */
  readonly digest: string;
  readonly list: ListName | undefined;
  /** Whether sending the record again has no further effect, or the record is not sent at all. */
  readonly isSafe: boolean;
}

/** The records of a list as it is now. */
export interface ListScan {
  readonly records: readonly ScannedRecord[];
  /** The offset after the last record. */
  readonly end: number;
}

const LIST_NAME = /\.(rejects|unresolved)\.jsonl$/;

// A corrected list can begin with records that the user has unwrapped.
const LOOKED_AT = 1000;

/** Returns whether an input is a rejects file or an unresolved file. */
export async function isList(input: RecordInput): Promise<boolean> {
  if (LIST_NAME.test(input.path)) return true;
  let looked = 0;
  for await (const { list } of input.read(START)) {
    if (list) return true;
    if (++looked === LOOKED_AT) break;
  }
  return false;
}

/** Returns the list of a record, also if the user has replaced a line of an unresolved file by the bare record. */
export function listOf({ path }: RecordInput, { list }: InputRecord): ListName | undefined {
  return list ?? (path.endsWith('.unresolved.jsonl') ? 'unresolved' : undefined);
}

/** Reads a whole list. @param listId identifies the list. */
export async function scanList(
  input: RecordInput,
  { idOf, problem }: ImportTarget,
  listId: string,
): Promise<ListScan> {
  const records: ScannedRecord[] = [];
  const times = new Map<string, number>();
  let end = 0;
  for await (const record of input.read(START)) {
    const { line, value, bad, origin, unfinished, end: after } = record;
    if (unfinished) break;
    const digest = bad ? digestOf(`text ${bad.text}`) : digestOfRecord(value);
    const isSafe = Boolean(bad) || idOf?.(value) !== undefined || problem?.(value) !== undefined;
    const common = { line, digest, list: listOf(input, record), isSafe };
    if (origin) {
      records.push({ ...common, importId: origin.import ?? listId, key: `line ${origin.line}` });
    } else {
      // The user has replaced the line by the bare record. Equal records are told apart by their number.
      const time = (times.get(digest) ?? 0) + 1;
      times.set(digest, time);
      records.push({ ...common, importId: listId, key: `${digest} ${time}` });
    }
    end = after.offset;
  }
  return { records, end };
}

/** Returns a digest in the form of the id of an import. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
