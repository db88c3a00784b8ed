import { checkInterval, type Interval, parseInterval, toText } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';

const SECOND = 1000;
// Units of the cuts, from the roundest to the least round.
const UNITS = [86_400_000, 3_600_000, 60_000, SECOND];
// Fraction by which a round cut may lengthen or shorten a part.
const MAX_IMBALANCE = 0.02;

/**
 * Splits an interval into parts of equal length that cover it without gaps, for {@link submitExport}. Cuts are at midnight (UTC), whole
 * hours or whole minutes if this changes the length of the parts by at most 2 %, otherwise at whole seconds.
 *
 * @param interval ISO 8601 `start/end`.
 * @returns the intervals of the parts, in order.
 * @throws ConfigurationError if the interval is invalid, or if a part would be shorter than a second.
 * @example
 * splitInterval('2026-01-01T00:00Z/2026-02-01T00:00Z', 31) // days
 */
export function splitInterval(interval: string, parts: number): string[] {
  refuse('splitInterval', [
    checkInterval(interval, Number.POSITIVE_INFINITY),
    !(Number.isInteger(parts) && parts > 0) && 'parts must be a whole number above 0',
  ]);
  const whole = parseInterval(interval);
  const max = Math.max(1, Math.floor((whole.end - whole.start) / SECOND));
  refuse('splitInterval', [
    parts > max && `parts must be at most ${max}, one for each second of ${interval}, not ${parts}`,
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
    const allowed = unit === SECOND ? Number.POSITIVE_INFINITY : length * MAX_IMBALANCE;
    const fits = cuts.slice(1).every((cut, index) => {
      const part = cut - (cuts[index] ?? start);
      return part > 0 && Math.abs(part - length) <= allowed;
    });
    if (fits) return cuts;
  }
  // The interval is too short for whole seconds, for example because it starts within a second.
  return [start, ...inner.map(Math.round), end];
}
