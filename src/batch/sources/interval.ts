/** A stretch of time in milliseconds since the epoch, its end not included. */
export interface Interval {
  start: number;
  end: number;
}

// A time without a zone would mean this machine's own to one reader, and UTC to another.
const DATE = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/;

/** Reads an ISO 8601 date, with time and zone, or alone for midnight in UTC. @returns NaN for any other text. */
export function parseDate(text: string): number {
  const [, day = '', time] = DATE.exec(text) ?? [];
  // The 30th of February would be taken for the 2nd of March.
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return Number.NaN;
  return time === undefined ? midnight : Date.parse(text);
}

/** Reads a text that {@link checkInterval} has nothing against. */
export function parseInterval(text: string): Interval {
  const [start = '', end = ''] = text.split('/');
  return { start: parseDate(start), end: parseDate(end) };
}

/**
 * Says what is wrong with an interval `start/end`; undefined when nothing is.
 *
 * @param now milliseconds since the epoch: what is yet to happen cannot be exported whole.
 */
export function checkInterval(text: unknown, now: number): string | undefined {
  if (typeof text !== 'string') return 'interval must be a text, such as 2026-01-01T00:00Z/2026-02-01T00:00Z';
  const parts = text.split('/');
  if (parts.length !== 2)
    return `interval must be two dates with a / between them, not ${JSON.stringify(text)}`;
  return checkDates(
    { name: 'the start of interval', date: parts[0] },
    { name: 'the end of interval', date: parts[1] },
    now,
  );
}

/** A date that came by a name. */
interface NamedDate {
  name: string;
  date: unknown;
}

/** Says what is wrong with the two dates of an interval that come apart; undefined when nothing is. */
export function checkDates(start: NamedDate, end: NamedDate, now: number): string | undefined {
  for (const { name, date } of [start, end]) {
    if (typeof date === 'string' && !Number.isNaN(parseDate(date))) continue;
    return (
      `${name} must be an ISO 8601 date with a time and a zone, such as 2026-01-31T08:30Z, ` +
      `or a date alone for midnight in UTC, not ${JSON.stringify(date)}`
    );
  }
  const [from, to] = [parseDate(String(start.date)), parseDate(String(end.date))];
  if (to <= from)
    return `${end.name} (${String(end.date)}) must be after ${start.name} (${String(start.date)})`;
  if (to > now) {
    return (
      `${end.name} (${String(end.date)}) is in the future, it is ${new Date(now).toISOString()} now: ` +
      'what is yet to come would be missing. End it now or earlier'
    );
  }
  return undefined;
}
