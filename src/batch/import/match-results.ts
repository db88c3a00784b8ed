import { ExactNumber } from '../json/exact-number.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import type { RecordResult } from './target.ts';

/** A response with one entry for each record, and how it is read. */
export interface Answers {
  /** The entries, in the order of the response. */
  entries: readonly unknown[];
  records: readonly unknown[];
  /** Returns the id that was sent with a record. */
  idOf(record: unknown): string | undefined;
  /** Returns the id in an entry. */
  idIn(entry: JsonObject): string | undefined;
  /** Returns what an entry states. */
  read(entry: JsonObject): RecordResult;
  /**
   * Whether the API may name all records by ids of its own, also records with an id. Records without an id always get one.
   * @default false
   */
  assignsIds?: boolean | undefined;
  /** Whether an entry without an id tells nothing about a record with an id. @default false */
  onlyById?: boolean | undefined;
}

/** Returns the id in a value: a text that is not empty, or a number. */
export function idText(value: unknown): string | undefined {
  const isId =
    (typeof value === 'string' && value !== '') || typeof value === 'number' || value instanceof ExactNumber;
  return isId ? String(value) : undefined;
}

/**
 * Returns the result of each record. A record is accepted only if an entry of its own says so: the entries with its id, or the entry at its
 * position if no entry has the id, the number of entries is the number of records, and all ids are at the positions of their records.
 */
export function matchResults({
  entries,
  records,
  idOf,
  idIn,
  read,
  assignsIds = false,
  onlyById = false,
}: Answers): RecordResult[] {
  const sent = records.map(idOf);
  const sentIds = new Set(sent);
  const found = entries.map((entry) => (isJsonObject(entry) ? idIn(entry) : undefined));
  const named = new Map<string, unknown[]>();
  for (const [index, id] of found.entries()) {
    if (id !== undefined) named.set(id, [...(named.get(id) ?? []), entries[index]]);
  }
  const isOrdered =
    entries.length === records.length &&
    found.every((id, index) => id === undefined || !sentIds.has(id) || id === sent[index]);
  const knowsIds = found.some((id) => id !== undefined && sentIds.has(id));
  const readAny = (entry: unknown) =>
    isJsonObject(entry) ? read(entry) : unknown('the response has no valid result for the record');

  return records.map((_, index) => {
    const id = sent[index];
    const own = id === undefined ? undefined : named.get(id)?.map(readAny);
    if (own) {
      const [first] = own as [RecordResult];
      if (own.every(({ outcome }) => outcome === first.outcome)) return first;
      return unknown('the response has contradicting results for the record');
    }
    if (!isOrdered || (onlyById && id !== undefined))
      return unknown('the response has no result for the record');
    if (id !== undefined && found[index] !== undefined && (!assignsIds || knowsIds))
      return unknown('the response has the result of another record in place of the result for the record');
    const result = readAny(entries[index]);
    // The response names other records, so that a result without an id can belong to any record. An error accepts none.
    const isAnonymous = id !== undefined && found[index] === undefined && named.size > 0;
    return isAnonymous && result.outcome === 'accepted'
      ? unknown('the result in place of the record has no id, but other results do')
      : result;
  });
}

/** Returns the result for a record whose outcome a response does not tell. */
export function unknown(reason: string): RecordResult {
  return { outcome: 'unknown', reason };
}

/**
 * Returns the result for a record that the API did not accept.
 *
 * @param status the HTTP status of the record, if the response states it.
 * @param retryable whether the API says that the reason is temporary.
 */
export function failed(reason: string, status: number | undefined, retryable = false): RecordResult {
  const stated = status === undefined ? {} : { status };
  if (retryable || status === 429 || status === 503) return { outcome: 'again', reason, ...stated };
  if (status !== undefined && (status < 400 || status === 408 || status >= 500)) return unknown(reason);
  return { outcome: 'refused', reason, ...stated };
}
