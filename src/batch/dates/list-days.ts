import { Temporal } from 'temporal-polyfill';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { toText } from '../sources/windows.ts';
import { type Period, parseDay, parsePeriod } from './period.ts';
import { periodProblem, wordHint } from './resolve-interval.ts';
import { type DateOptions, readZone, startOfDay, type Zone } from './time-zone.ts';

/** A calendar day in a time zone. */
export interface Day {
  /** Such as `2026-10-25`. */
  readonly date: string;
  /** ISO 8601 `start/end` in UTC. A day with a change of clocks has 23 or 25 hours. */
  readonly interval: string;
}

/**
 * The days to export. `since`: each day that has ended, from this date on, such as `2026-10-01`. A text: `2026-10-01`,
 * `2026-10-22/2026-10-27` (both included), `yesterday`, `last-week` (Monday to Sunday), `last-month`, `2026-10`, `2026-W40`, `2026`,
 * `2026-10-01/P3D`, `P3D/2026-10-04` (the end is exclusive).
 */
export type DaysText = string | { readonly since: string };

const SINCE: OptionTable<Exclude<DaysText, string>> = { since: 'any' };

/**
 * Returns days that have ended, in order. A day that the clocks of the time zone skip is left out.
 *
 * The list is empty if `since` is the current day.
 *
 * @throws ConfigurationError if a date or the time zone is wrong, if a day of a text has not ended, or if `since` is in the future.
 * @example
 * listDays('2026-10-25', { timeZone: 'Europe/Berlin' })
 * // [{ date: '2026-10-25', interval: '2026-10-24T22:00:00.000Z/2026-10-25T23:00:00.000Z' }]
 */
export function listDays(days: DaysText, options: DateOptions = {}): Day[] {
  const zone = readZone('listDays', options);
  const { first, end } =
    typeof days === 'object' && days !== null ? sincePeriod(days, zone) : textPeriod(String(days), zone);
  const list: Day[] = [];
  let start = startOfDay(first, zone);
  for (let date = first; Temporal.PlainDate.compare(date, end) < 0; ) {
    const next = date.add({ days: 1 });
    const nextStart = startOfDay(next, zone);
    if (nextStart > start) list.push({ date: String(date), interval: toText({ start, end: nextStart }) });
    start = nextStart;
    date = next;
  }
  return list;
}

function textPeriod(text: string, zone: Zone): Period {
  const period = parsePeriod(text, zone.today) ?? firstToLast(text);
  refuse('listDays', [typeof period === 'string' ? period : periodProblem('days', text, period, zone)]);
  return period as Period;
}

function firstToLast(text: string): Period | string {
  const [left = '', right = '', ...others] = text.split('/');
  const [first, last] = [parseDay(left), parseDay(right)];
  if (!first || !last || others.length > 0)
    return (
      `days must be a date, two dates separated by / (both included), a week, a month, a year, or yesterday, last-week or last-month, not ` +
      `${JSON.stringify(text)}${wordHint(text)}`
    );
  if (Temporal.PlainDate.compare(last, first) < 0)
    return `the last of days (${right}) must not be before the first (${left})`;
  return { first, end: last.add({ days: 1 }) };
}

function sincePeriod(days: Exclude<DaysText, string>, { today, timeZone }: Zone): Period {
  const [{ since }, problems] = readOptions(days, SINCE);
  const first = parseDay(String(since));
  const isFuture = first !== undefined && Temporal.PlainDate.compare(first, today) > 0;
  refuse('listDays', [
    !first && `since must be a date, such as 2026-10-01, not ${JSON.stringify(since)}`,
    isFuture && `since (${since}) is in the future: today is ${today} in ${timeZone}`,
    ...problems,
  ]);
  return { first: first as Temporal.PlainDate, end: today };
}
