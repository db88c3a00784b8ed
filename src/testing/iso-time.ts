const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));
export const DAY = 86_400_000;
export const HOUR = 3_600_000;

/** Creates a function that formats epoch milliseconds like `toISOString`, but faster while the day stays the same. */
export function createIsoWriter(): (time: number) => string {
  // Formatting dates takes a third of the time of a record, and adjacent records usually share the day.
  let day = Number.NaN;
  let prefix = '';
  return (time) => {
    const today = Math.floor(time / DAY);
    if (today !== day) {
      day = today;
      prefix = new Date(today * DAY).toISOString().slice(0, 11);
    }
    const rest = time - today * DAY;
    const hour = TWO[Math.floor(rest / HOUR)];
    const minute = TWO[Math.floor(rest / 60_000) % 60];
    return `${prefix}${hour}:${minute}:${TWO[Math.floor(rest / 1000) % 60]}.${THREE[rest % 1000]}Z`;
  };
}

/** Reads an ISO 8601 interval `start/end`. Returns undefined if it is invalid or does not end after its start. */
export function parseInterval(text: string): { start: number; end: number } | undefined {
  const [from, to, more] = text.split('/');
  if (from === undefined || to === undefined || more !== undefined) return undefined;
  const start = parseTime(from);
  const end = parseTime(to);
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined;
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Reads an ISO 8601 time, in UTC if it has no time zone, like the vendors. Returns undefined if it is invalid. */
export function parseTime(text: string): number | undefined {
  const match = ISO_TIME.exec(text);
  if (!match) return undefined;
  const time = Date.parse(match[1] === undefined || match[4] !== undefined ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
