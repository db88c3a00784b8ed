import { Temporal } from 'temporal-polyfill';
import { nearestName, refuse } from '../../core/internal.ts';
import { checkMoments, type Interval, parseDate } from '../sources/interval.ts';
import { toText } from '../sources/windows.ts';
import { type Period, parseDay, parseDuration, parsePeriod, WORDS } from './period.ts';
import { type Point, shift, toMoment } from './shift.ts';
import { type DateOptions, readZone, startOfDay, type Zone } from './time-zone.ts';

const FORMS =
  'two dates separated by /, a date, a week, a month, a year, or yesterday, last-week or last-month';
const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?$/;

/**
 * Returns the interval of a text in ISO 8601 `start/end`, in UTC.
 *
 * Accepts whole days: `yesterday`, `last-week` (Monday to Sunday), `last-month`, `2026-10-01`, `2026-10`, `2026-W40`, `2026`,
 * `2026-10-01/P1D`, `P1D/2026-10-02`. Accepts `start/end`, where the end is exclusive, and `start/duration` and `duration/end`. A start or
 * an end is a date, which means the start of that day in the time zone, or a time with a zone, such as `2026-10-01T08:00Z`. A time without a
 * zone is accepted only if `timeZone` is set. Years, months, weeks and days of a duration follow the calendar: `P1D` has 23 or 25 hours
 * if the clocks change.
 *
 * @throws ConfigurationError if the text or the time zone is wrong, if the end is in the future, or if the clocks skip or repeat a time
 * without a zone.
 * @example
 * resolveInterval('2026-10-25', { timeZone: 'Europe/Berlin' }) // '2026-10-24T22:00:00.000Z/2026-10-25T23:00:00.000Z'
 */
export function resolveInterval(text: string, options: DateOptions = {}): string {
  const what = 'resolveInterval';
  return toText(resolveIn(what, text, readZone(what, options)));
}

/**
 * Resolves a text as {@link resolveInterval} does.
 *
 * @param what the function that received the text.
 * @throws ConfigurationError
 */
export function resolveIn(what: string, text: string, zone: Zone): Interval {
  const fail = (problem: string | undefined) => refuse(what, [problem]);
  if (typeof text !== 'string') fail('interval must be a string, such as 2026-10-01/2026-11-01 or yesterday');
  const period = parsePeriod(text, zone.today);
  if (period) {
    fail(periodProblem('interval', text, period, zone));
    return { start: startOfDay(period.first, zone), end: startOfDay(period.end, zone) };
  }
  const parts = text.split('/');
  if (parts.length !== 2) fail(`interval must be ${FORMS}, not ${JSON.stringify(text)}${wordHint(text)}`);
  const [left = '', right = ''] = parts;
  const [before, after] = [parseDuration(left), parseDuration(right)];
  if (before && after) fail(`interval must have a start or an end, not two durations as in ${text}`);
  if (!before) fail(pointProblem('the start of interval', left, zone));
  if (!after) fail(pointProblem('the end of interval', right, zone));
  const { timeZone } = zone;
  const start = before ? shift(pointOf(right, zone), before, -1, timeZone) : momentOf(left, zone);
  const end = after ? shift(pointOf(left, zone), after, 1, timeZone) : momentOf(right, zone);
  if (Number.isNaN(start) || Number.isNaN(end)) fail(`the duration of interval is too long: ${text}`);
  const named = (name: string, part: string, time: number) => ({
    name: `the ${name} of interval`,
    text: part.startsWith('P') ? new Date(time).toISOString() : part,
    time,
  });
  fail(checkMoments(named('start', left, start), named('end', right, end), zone.now.epochMilliseconds));
  return { start, end };
}

/** Returns the problem of whole days, or undefined if the days have ended. */
export function periodProblem(
  name: string,
  text: string,
  { first, end }: Period,
  zone: Zone,
): string | undefined {
  const ends = startOfDay(end, zone);
  if (ends <= startOfDay(first, zone)) return `${name}: the clocks of ${zone.timeZone} skip the day ${text}`;
  if (ends <= zone.now.epochMilliseconds) return undefined;
  const last = zone.today.subtract({ days: 1 });
  const use =
    Temporal.PlainDate.compare(first, last) < 0
      ? `: use ${first}/${name === 'days' ? last : zone.today} to end with that day`
      : '';
  return (
    `${name} (${text}) ends in the future, at ${toLocal(ends, zone)}: it is ${toLocal(zone.now.epochMilliseconds, zone)} now, and later ` +
    `records would be missing. The last complete day is ${last}${use}`
  );
}

/** Returns a hint at the word with the most similar name, if any. */
export function wordHint(text: string): string {
  const word = nearestName(text, WORDS, text.length / 3 + 1);
  return word ? `. Did you mean ${word}?` : '';
}

function toLocal(time: number, { timeZone }: Zone): string {
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone);
  return `${local.toString({ smallestUnit: 'second', timeZoneName: 'never' })} (${timeZone})`;
}

function pointProblem(name: string, text: string, zone: Zone): string | undefined {
  if (parseDay(text) || !Number.isNaN(parseDate(text))) return undefined;
  if (LOCAL.test(text) && !Number.isNaN(parseDate(`${text}Z`))) {
    if (zone.isChosen) return localProblem(name, text, zone);
    return `${name} (${text}) has no zone. Add a zone, as in ${text}Z, or set timeZone (--timezone)`;
  }
  return (
    `${name} must be an ISO 8601 date, with or without a time, such as 2026-01-31 and 2026-01-31T08:30Z, or a duration such as P1D, ` +
    `not ${JSON.stringify(text)}`
  );
}

/** Returns the problem of a time that the clocks of the zone skip or show twice. */
function localProblem(name: string, text: string, zone: Zone): string | undefined {
  const local = Temporal.PlainDateTime.from(text);
  const earlier = local.toZonedDateTime(zone.timeZone, { disambiguation: 'earlier' });
  const later = local.toZonedDateTime(zone.timeZone, { disambiguation: 'later' });
  if (earlier.equals(later)) return undefined;
  return later.toPlainDateTime().equals(local)
    ? `${name}: the clocks of ${zone.timeZone} show ${text} twice. Add the offset: ${text}${earlier.offset} or ${text}${later.offset}`
    : `${name}: the clocks of ${zone.timeZone} skip ${text}. Use ${toLocal(later.epochMilliseconds, zone)} or another time`;
}

/** Parses a text that {@link pointProblem} accepts. */
function pointOf(text: string, { timeZone }: Zone): Point {
  const day = parseDay(text);
  if (day) return day;
  const time = parseDate(text);
  if (Number.isNaN(time)) return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone);
  return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone);
}

function momentOf(text: string, zone: Zone): number {
  return toMoment(pointOf(text, zone), zone.timeZone).epochMilliseconds;
}
