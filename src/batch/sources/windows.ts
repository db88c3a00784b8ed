import type { Interval } from './interval.ts';

/** A day in milliseconds: UTC has no others. */
export const DAY = 86_400_000;

// Nobody has so many conversations at once that it must be shorter, in milliseconds.
const SHORTEST = 1000;

/**
 * The first stretch of an interval, at most so long. It ends on a midnight in UTC where it can: an API that matches by day
 * repeats nothing behind one.
 */
export function firstWindow({ start, end }: Interval, width: number): Interval {
  const whole = Math.min(start + width, end);
  const midnight = Math.floor(whole / DAY) * DAY;
  return { start, end: whole < end && midnight > start ? midnight : whole };
}

/**
 * The first part of two: cut at the midnight in UTC nearest to the middle, else in the middle. Undefined where it is too
 * short for that.
 */
export function halfOf({ start, end }: Interval): Interval | undefined {
  const middle = start + Math.floor((end - start) / 2);
  const midnight = Math.floor(middle / DAY) * DAY;
  const next = midnight + DAY;
  const [nearer, other] = middle - midnight <= next - middle ? [midnight, next] : [next, midnight];
  for (const cut of [nearer, other]) {
    if (cut > start && cut < end) return { start, end: cut };
  }
  return end - start < 2 * SHORTEST ? undefined : { start, end: middle };
}

/** As ISO 8601. */
export function toText({ start, end }: Interval): string {
  return `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
}
