import { Temporal } from 'temporal-polyfill';
import { parseDate } from '../sources/interval.ts';
import { valid } from './period.ts';

/** A day, or a moment. */
export type Point = Temporal.PlainDate | Temporal.ZonedDateTime;

/** Returns a moment, or the first moment of a day. */
export function toMoment(point: Point, timeZone: string): Temporal.ZonedDateTime {
  return point instanceof Temporal.PlainDate ? point.toZonedDateTime(timeZone) : point;
}

/**
 * Adds a duration several times, or subtracts it.
 *
 * @param times a whole number.
 * @returns milliseconds since the epoch, or NaN for a moment before the year 0 or after the year 9999.
 */
export function shift(point: Point, by: Temporal.Duration, times: number, timeZone: string): number {
  const { years, months, weeks, days } = by;
  const { hours, minutes, seconds, milliseconds, microseconds, nanoseconds } = by;
  const scaled = <Units extends object>(units: Units) =>
    Temporal.Duration.from(
      Object.fromEntries(Object.entries(units).map(([unit, count]) => [unit, count * times])),
    );
  const moment = valid(() => {
    // A day whose midnight the clocks skip starts at 1:00, but the next day starts at 0:00. Add days to the date, not to the moment.
    const day = point.add(scaled({ years, months, weeks, days }));
    return toMoment(day, timeZone)
      .add(scaled({ hours, minutes, seconds, milliseconds, microseconds, nanoseconds }))
      .toInstant();
  });
  return moment ? parseDate(moment.toString()) : Number.NaN;
}
