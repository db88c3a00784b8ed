import type { DateOptions } from './resolve-interval.ts';

/** A calendar day in a time zone. */
export interface Day {
  /** Such as `2026-10-25`. */
  readonly date: string;
  /** ISO 8601 `start/end` in UTC. A day with a change of clocks has 23 or 25 hours. */
  readonly interval: string;
}

/**
 * The days to export. `since`: each day that has ended, from this date on, such as `2026-10-01`. A text: a date, `first/last` (both
 * included), or what {@link resolveInterval} accepts if it covers whole days, such as `yesterday`, `last-week` and `2026-10`.
 */
export type DaysText = string | { readonly since: string };

/**
 * Returns days that have ended, in order.
 *
 * @throws ConfigurationError if a date or the time zone is wrong, or if a day of a text has not ended.
 */
export function listDays(days: DaysText, options: DateOptions = {}): Day[] {
  throw new Error(`not implemented: ${days} ${options.timeZone}`);
}
