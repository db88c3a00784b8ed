import { type DayState, dayState } from './day-state.ts';
import type { PendingDaysOptions } from './options.ts';
import type { Target } from './targets.ts';

/** A day of the list, with the state that an earlier run has left. */
export interface PlannedDay<Item> extends Target<Item> {
  /** Undefined if the state cannot be read or forbids the export: exporting the day then throws the reason. */
  readonly state: DayState | undefined;
}

/** Which days to export. */
export interface Plan<Item> {
  /** All days of the list, in order. */
  readonly all: readonly PlannedDay<Item>[];
  /** The days to export, in the order of their export: new days first, because their data is not exported yet. */
  readonly pending: readonly PlannedDay<Item>[];
}

// The days whose states are read in parallel, so that not too many files are open.
const AT_ONCE = 16;

/** Reads the state of each day. Sends no request, and changes no file. */
export async function planDays<Item>(
  targets: readonly Target<Item>[],
  { reread = 0, restart = false }: Pick<PendingDaysOptions, 'reread' | 'restart'>,
): Promise<Plan<Item>> {
  const states: (DayState | undefined)[] = [];
  for (let from = 0; from < targets.length; from += AT_ONCE) {
    const group = targets.slice(from, from + AT_ONCE);
    states.push(...(await Promise.all(group.map((target) => dayState(target).catch(() => undefined)))));
  }
  const all = targets.map((target, index) => ({ ...target, state: states[index] }));
  const complete = all.filter(({ state }) => state?.complete);
  const last = restart ? complete : complete.slice(Math.max(0, complete.length - reread));
  const again = complete.filter((day) => last.includes(day) || day.state?.isUnfinished);
  return { all, pending: [...all.filter(({ state }) => !state?.complete), ...again] };
}
