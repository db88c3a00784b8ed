import type { InputRecord } from './input.ts';
import type { ImportTarget } from './target.ts';

type Content = Pick<InputRecord, 'bad' | 'value'>;
type Ids = Pick<ImportTarget, 'idOf' | 'problem'>;

/** Returns the id with which a record is sent; undefined if the record is not sent. */
export function sentId({ bad, value }: Content, { idOf, problem }: Ids) {
  return !idOf || bad || problem?.(value) !== undefined ? undefined : idOf(value);
}

/** Cuts records before each record whose id an earlier one of the same part has: the API may execute a request in any order. */
export function* withoutRepeatedIds<R extends Content>(
  records: readonly R[],
  target: Ids,
): Generator<readonly R[], void> {
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
