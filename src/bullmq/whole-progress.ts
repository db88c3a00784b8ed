import type { PartState } from './part-state.ts';

/** Progress of an export on many hosts. */
export interface WholeProgress {
  /** Records of all parts up to their last checkpoints. Adjacent parts can share records. */
  readonly records: number;
  readonly pages: number;
  /** Expected number of records, if known. It can be an estimate. */
  readonly total?: number | undefined;
  readonly repeated: number;
  readonly parts: number;
  /** Number of complete parts. The merge starts when all parts are complete. */
  readonly partsComplete: number;
  /** Milliseconds since the caller started waiting. */
  readonly elapsed: number;
  /** Records per second during `elapsed`. */
  readonly recordsPerSecond: number;
  /** Estimated milliseconds until all parts are complete, if the total is known. */
  readonly remaining?: number | undefined;
}

/** @param before number of records when the caller started waiting; undefined if the waiting starts now. */
export function wholeProgress(
  states: readonly PartState[],
  elapsed: number,
  before: number | undefined,
): WholeProgress {
  const sum = (number: (state: PartState) => number) =>
    states.reduce((total, state) => total + number(state), 0);
  const records = sum((state) => state.records);
  const totals = states.flatMap(({ complete, records: own, total }) => (complete ? own : (total ?? [])));
  // The totals of parts that have not started are unknown; assume the average of the others.
  const total =
    totals.length === 0
      ? undefined
      : Math.round((totals.reduce((all, one) => all + one, 0) / totals.length) * states.length);
  const recordsPerSecond = elapsed > 0 ? ((records - (before ?? records)) * 1000) / elapsed : 0;
  const left = total === undefined ? undefined : Math.max(0, total - records);
  return {
    records,
    pages: sum((state) => state.pages),
    ...(total !== undefined && { total }),
    repeated: sum((state) => state.repeated),
    parts: states.length,
    partsComplete: states.filter(({ complete }) => complete).length,
    elapsed,
    recordsPerSecond,
    ...(left !== undefined && recordsPerSecond > 0 && { remaining: (left * 1000) / recordsPerSecond }),
  };
}
