import { Temporal } from 'temporal-polyfill';
import type { Interval } from '../sources/interval.ts';
import { parseDuration } from './period.ts';
import { shift } from './shift.ts';

/** Returns the slice with an index from 0, or undefined after the last one. A slice of a day that the clocks skip has no length. */
export type SliceAt = (index: number) => Interval | undefined;

/** Divides an interval into slices. The last slice can be shorter. Returns undefined if the duration is invalid or below a second. */
export function cutInterval(
  { start, end }: Interval,
  duration: string,
  timeZone: string,
): SliceAt | undefined {
  const length = parseDuration(duration);
  if (!length) return undefined;
  const moment = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(timeZone);
  const first = moment.startOfDay().equals(moment) ? moment.toPlainDate() : moment;
  // Multiply the duration instead of adding it to the previous cut: February 28 plus a month would be March 28, not March 31.
  const cut = (index: number) => (index === 0 ? start : shift(first, length, index, timeZone));
  if (cut(1) - start < 1000) return undefined;
  return (index) => {
    const from = cut(index);
    // A cut after the year 9999 is NaN.
    return from < end ? { start: from, end: Math.min(cut(index + 1) || end, end) } : undefined;
  };
}
