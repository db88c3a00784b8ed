import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { type RecordResult, unknownResult } from './target.ts';

/** How a target reads an entry of a response. */
interface EntryReader {
  /** Returns the id of the record that an entry names; undefined if the entry names none. */
  idOf(entry: JsonObject): string | undefined;
  /** Returns what an entry says about its record. */
  read(entry: JsonObject): RecordResult;
  /** Whether each entry must name its record. @default only if one of the entries does */
  areNamed?: boolean;
}

/**
 * Finds the result of each record among the entries of a response: by id if the entry names one, else by position. A record without an
 * entry of its own is never accepted: its outcome is unknown.
 *
 * @param ids the ids of the records of the request, in order; undefined for a record without an id.
 */
export function matchResults(
  entries: readonly unknown[],
  ids: readonly (string | undefined)[],
  { idOf, read, areNamed }: EntryReader,
): RecordResult[] {
  const named = entries.map((entry) => (isJsonObject(entry) ? idOf(entry) : undefined));
  const haveNames = areNamed ?? named.some((name) => name !== undefined);
  const isAligned = entries.length === ids.length && named.every((id, at) => fits(id, ids[at], ids));

  function resultAt(at: number): RecordResult {
    const entry = entries[at];
    return isJsonObject(entry) ? read(entry) : unknownResult('the response has no result for the record');
  }

  return ids.map((id, at) => {
    const places = id === undefined ? [] : named.flatMap((name, place) => (name === id ? [place] : []));
    const results = places.map(resultAt);
    const [first] = results;
    if (first) {
      const agree = results.every(({ outcome }) => outcome === first.outcome);
      return agree
        ? first
        : unknownResult('the response has results for the record that contradict each other');
    }
    if (isAligned) {
      const result = resultAt(at);
      // An error in the place of a record need not name the record.
      const isOther = haveNames && id !== undefined && result.outcome === 'accepted';
      return isOther ? unknownResult('the response has no result that names the record') : result;
    }
    return unknownResult(
      entries.length === ids.length
        ? 'the response has results in another order, and none names the record'
        : `the response has ${entries.length} results for ${ids.length} records, and none names the record`,
    );
  });
}

/** Returns whether an entry can belong to the record at its position. @param id of the record. */
function fits(named: string | undefined, id: string | undefined, ids: readonly (string | undefined)[]) {
  return named === undefined || (id === undefined ? !ids.includes(named) : named === id);
}
