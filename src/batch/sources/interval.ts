/** An interval in milliseconds since the epoch. The end is exclusive. */
export interface Interval {
  start: number;
  end: number;
}

// The zone is required, because readers could take a time without a zone as local time or as UTC.
const DATE = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/;

/** Parses an ISO 8601 date, with time and zone, or without both for midnight UTC. Returns NaN for any other text. */
export function parseDate(text: string): number {
  const [, day = '', time] = DATE.exec(text) ?? [];
  // Date.parse accepts February 30 as March 2.
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return Number.NaN;
  return time === undefined ? midnight : Date.parse(text);
}

/** Parses an interval that {@link checkInterval} accepts. */
export function parseInterval(text: string): Interval {
  const [start = '', end = ''] = text.split('/');
  return { start: parseDate(start), end: parseDate(end) };
}

/**
 * Returns the problem of an interval `start/end`, or undefined if the interval is valid.
 *
 * @param now milliseconds since the epoch. A future end is refused, because later records would be missing.
 */
export function checkInterval(text: unknown, now: number): string | undefined {
  if (typeof text !== 'string')
    return 'interval must be a string, such as 2026-01-01T00:00Z/2026-02-01T00:00Z';
  const parts = text.split('/');
  if (parts.length !== 2) {
    return (
      `interval must be two dates separated by /, not ${JSON.stringify(text)}. ` +
      'For dates such as yesterday and 2026-10, use resolveInterval'
    );
  }
  return checkDates(
    { name: 'the start of interval', date: parts[0] },
    { name: 'the end of interval', date: parts[1] },
    now,
  );
}

/** A date and the name of its option. */
interface NamedDate {
  name: string;
  date: unknown;
}

/** Returns the problem of the two dates of an interval, or undefined if both are valid. */
export function checkDates(start: NamedDate, end: NamedDate, now: number): string | undefined {
  for (const { name, date } of [start, end]) {
    if (typeof date === 'string' && !Number.isNaN(parseDate(date))) continue;
    return (
      `${name} must be an ISO 8601 date with a time and a zone, such as 2026-01-31T08:30Z, ` +
      `or a date without a time for midnight UTC, not ${JSON.stringify(date)}`
    );
  }
  const timed = ({ name, date }: NamedDate) => ({ name, text: String(date), time: parseDate(String(date)) });
  return checkMoments(timed(start), timed(end), now);
}

/** A moment in milliseconds since the epoch, and the option and the text that state it. */
interface NamedMoment {
  name: string;
  text: string;
  time: number;
}

/** Returns the problem of the two ends of an interval, or undefined if the interval has a length and has ended. */
export function checkMoments(start: NamedMoment, end: NamedMoment, now: number): string | undefined {
  if (end.time <= start.time) return `${end.name} (${end.text}) must be after ${start.name} (${start.text})`;
  if (end.time <= now) return undefined;
  return (
    `${end.name} (${end.text}) is in the future: it is ${new Date(now).toISOString()} now, ` +
    'and later records would be missing. Use an end that is not in the future'
  );
}
