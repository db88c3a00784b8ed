import type { NumberedRecord } from './batches.ts';

/** Cuts records before each record whose id an earlier one of the same part has: the API may execute a request in any order. */
export function* withoutRepeatedIds(
  records: readonly NumberedRecord[],
): Generator<readonly NumberedRecord[], void> {
  let from = 0;
  let ids = new Set<string>();
  for (const [index, { id }] of records.entries()) {
    if (id === undefined) continue;
    if (ids.has(id)) {
      yield records.slice(from, index);
      from = index;
      ids = new Set();
    }
    ids.add(id);
  }
  yield records.slice(from);
}
