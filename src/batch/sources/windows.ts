import type { Interval } from './interval.ts';

/** A day in milliseconds. All UTC days have this length. */
export const DAY = 86_400_000;

// In milliseconds. Windows need not be shorter than this.
const MIN_WIDTH = 1000;

/**
 * Returns the first window of an interval, at most `width` long. The window ends at midnight UTC if possible, because an
 * API that matches by day then repeats no records in the next window.
 */
export function firstWindow({ start, end }: Interval, width: number): Interval {
  const whole = Math.min(start + width, end);
  const midnight = Math.floor(whole / DAY) * DAY;
  return { start, end: whole < end && midnight > start ? midnight : whole };
}

/**
 * Returns the first half of an interval, cut at the midnight UTC nearest to the middle, otherwise in the middle. Returns
 * undefined if the interval is too short.
 */
export function firstHalf({ start, end }: Interval): Interval | undefined {
  const middle = start + Math.floor((end - start) / 2);
  const midnight = Math.floor(middle / DAY) * DAY;
  const next = midnight + DAY;
  const [nearer, other] = middle - midnight <= next - middle ? [midnight, next] : [next, midnight];
  for (const cut of [nearer, other]) {
    if (cut > start && cut < end) return { start, end: cut };
  }
  return end - start < 2 * MIN_WIDTH ? undefined : { start, end: middle };
}

/** Returns an interval as ISO 8601. */
export function toText({ start, end }: Interval): string {
  return `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
}
