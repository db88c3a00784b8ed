import { Temporal } from 'temporal-polyfill';

/** A period of whole days. */
export interface Period {
  readonly first: Temporal.PlainDate;
  /** The day after the last one. */
  readonly end: Temporal.PlainDate;
}

/** The periods that depend on the current day. */
export const WORDS = ['yesterday', 'last-week', 'last-month', 'today'];

// The year 0 is refused, because its first moment in UTC is in the year -1 of some time zones.
const DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;

/** Parses a date such as `2026-10-01`. Returns undefined for any other text. */
export function parseDay(text: string): Temporal.PlainDate | undefined {
  return DATE.test(text) ? valid(() => Temporal.PlainDate.from(text)) : undefined;
}

/** Parses a duration of ISO 8601 above 0, such as `P1D` and `PT6H`. Returns undefined for any other text. */
export function parseDuration(text: string): Temporal.Duration | undefined {
  const duration = text.startsWith('P') ? valid(() => Temporal.Duration.from(text)) : undefined;
  return duration && duration.sign > 0 ? duration : undefined;
}

/** Parses whole days: a word, a year, a month, an ISO week, a date, or a date with a duration. Returns undefined for any other text. */
export function parsePeriod(text: string, today: Temporal.PlainDate): Period | undefined {
  const [, year = '', rest = ''] = /^(?!0000)(\d{4})(|-\d\d|-W\d\d|-\d\d-\d\d)$/.exec(text) ?? [];
  const monday = today.subtract({ days: today.dayOfWeek - 1 });
  switch (text) {
    case 'today':
      return from(today, { days: 1 });
    case 'yesterday':
      return from(today.subtract({ days: 1 }), { days: 1 });
    case 'last-week':
      return from(monday.subtract({ weeks: 1 }), { weeks: 1 });
    case 'last-month':
      return from(today.with({ day: 1 }).subtract({ months: 1 }), { months: 1 });
  }
  if (year === '') return withDuration(text);
  if (rest === '') return from(parseDay(`${year}-01-01`), { years: 1 });
  if (rest.startsWith('-W')) return weekOf(Number(year), Number(rest.slice(2)));
  return rest.length === 3 ? from(parseDay(`${text}-01`), { months: 1 }) : from(parseDay(text), { days: 1 });
}

function from(first: Temporal.PlainDate | undefined, length: Temporal.DurationLike): Period | undefined {
  return first && { first, end: first.add(length) };
}

function weekOf(year: number, week: number): Period | undefined {
  // ISO 8601: week 1 contains January 4, and a week belongs to the year of its Thursday.
  const fourth = Temporal.PlainDate.from({ year, month: 1, day: 4 });
  const first = fourth.subtract({ days: fourth.dayOfWeek - 1 }).add({ weeks: week - 1 });
  return first.add({ days: 3 }).year === year ? from(first, { weeks: 1 }) : undefined;
}

function withDuration(text: string): Period | undefined {
  const [left = '', right = '', ...others] = text.split('/');
  const [day, duration] = [parseDay(left) ?? parseDay(right), parseDuration(left) ?? parseDuration(right)];
  if (!day || !duration || others.length > 0) return undefined;
  const { years, months, weeks, days: count } = duration;
  const days = Temporal.Duration.from({ years, months, weeks, days: count });
  if (days.toString() !== duration.toString()) return undefined;
  const period = valid(() => (parseDay(left) ? from(day, days) : { first: day.subtract(days), end: day }));
  // The years that ISO 8601 writes with 4 digits.
  return period && period.first.year > 0 && period.end.year <= 9999 ? period : undefined;
}

/** Returns undefined if Temporal refuses a value. */
export function valid<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
