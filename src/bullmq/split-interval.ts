import { checkInterval, type Interval, parseInterval, toText } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';

const SECOND = 1000;
// From the roundest time to cut at to the least round.
const UNITS = [86_400_000, 3_600_000, 60_000, SECOND];
// A part may be longer or shorter than the others by this share for the sake of a round time.
const MOST_IMBALANCE = 0.02;

/**
 * Cuts an interval into parts that cover it without gaps, to be exported on their own. They are as long as each other, and cut at
 * midnights (UTC), whole hours or minutes where that changes their length by no more than 2 %, else at whole seconds.
 *
 * @param interval ISO 8601 `start/end`.
 * @returns as many intervals, in order.
 * @throws ConfigurationError for what is no interval, and for parts of less than a second.
 * @example
 * splitInterval('2026-01-01T00:00Z/2026-02-01T00:00Z', 31) // days
 */
export function splitInterval(interval: string, parts: number): string[] {
  refuse('splitInterval', [
    checkInterval(interval, Number.POSITIVE_INFINITY),
    !(Number.isInteger(parts) && parts > 0) && 'parts must be a whole number above 0',
  ]);
  const whole = parseInterval(interval);
  const most = Math.max(1, Math.floor((whole.end - whole.start) / SECOND));
  refuse('splitInterval', [
    parts > most && `parts must be at most ${most}, one for each second of ${interval}`,
  ]);
  const cuts = cutsOf(whole, parts);
  return cuts.slice(1).map((end, index) => toText({ start: cuts[index] ?? whole.start, end }));
}

function cutsOf({ start, end }: Interval, parts: number): number[] {
  const length = (end - start) / parts;
  const inner = Array.from({ length: parts - 1 }, (_, index) => start + length * (index + 1));
  for (const unit of UNITS) {
    const rounded = inner.map((time) => Math.round(time / unit) * unit);
    const cuts = [start, ...rounded, end];
    const allowed = unit === SECOND ? Number.POSITIVE_INFINITY : length * MOST_IMBALANCE;
    const fits = cuts.slice(1).every((cut, index) => {
      const part = cut - (cuts[index] ?? start);
      return part > 0 && Math.abs(part - length) <= allowed;
    });
    if (fits) return cuts;
  }
  // So short that whole seconds do not do: an interval may begin between two.
  return [start, ...inner.map(Math.round), end];
}
