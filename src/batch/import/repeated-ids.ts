import type { NumberedRecord } from './batches.ts';
import type { ImportTarget } from './target.ts';

type Ids = Pick<ImportTarget, 'idOf' | 'problem'>;

/** Returns the id with which a record is sent; undefined if the record is not sent. */
export function sentId({ bad, value }: Pick<NumberedRecord, 'bad' | 'value'>, { idOf, problem }: Ids) {
  return !idOf || bad || problem?.(value) !== undefined ? undefined : idOf(value);
}

/** Cuts records before each record whose id an earlier one of the same part has: the API may execute a request in any order. */
export function* withoutRepeatedIds(
  records: readonly NumberedRecord[],
  target: Ids,
): Generator<readonly NumberedRecord[], void> {
  let from = 0;
  let ids = new Set<string>();
  for (const [index, record] of records.entries()) {
    const id = sentId(record, target);
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
