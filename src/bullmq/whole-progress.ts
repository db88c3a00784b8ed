import type { PartState } from './part-state.ts';

/** How far an export on many hosts is. */
export interface WholeProgress {
  /** Records of all parts up to their last checkpoints; adjacent parts can have some in common. */
  readonly records: number;
  readonly pages: number;
  /** How many records there will be, as far as is known by now; it can be an estimate. */
  readonly total?: number | undefined;
  readonly repeated: number;
  readonly parts: number;
  /** How many are complete. When all are, they are merged. */
  readonly partsComplete: number;
  /** Milliseconds waited. */
  readonly elapsed: number;
  /** Records a second in this time. */
  readonly recordsPerSecond: number;
  /** Milliseconds until the end of the parts, where the total is known. */
  readonly remaining?: number | undefined;
}

/** @param before how many records there were when the waiting began; undefined when it begins now. */
export function wholeProgress(
  states: readonly PartState[],
  elapsed: number,
  before: number | undefined,
): WholeProgress {
  const sum = (number: (state: PartState) => number) =>
    states.reduce((so_far, state) => so_far + number(state), 0);
  const records = sum((state) => state.records);
  const totals = states.flatMap(({ complete, records: own, total }) => (complete ? own : (total ?? [])));
  // Of parts that have not begun nothing is known: they are taken to be like the others.
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
