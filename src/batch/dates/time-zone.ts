import { Temporal } from 'temporal-polyfill';
import type { Clock } from '../../core/index.ts';
import { nearestName, type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import { valid } from './period.ts';

/** Options of {@link resolveInterval} and {@link listDays}. */
export interface DateOptions {
  /**
   * IANA name of the time zone of dates without a zone, such as `Europe/Berlin`, in upper or lower case. Offsets such as `+01:00` are refused,
   * because an offset has no changes of clocks.
   * @default 'UTC'
   */
  timeZone?: string | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

/** A time zone and its current day. */
export interface Zone {
  readonly timeZone: string;
  /** Whether the caller chose the time zone. */
  readonly isChosen: boolean;
  readonly now: Temporal.Instant;
  readonly today: Temporal.PlainDate;
}

const OPTIONS: OptionTable<DateOptions> = { timeZone: 'string', clock: 'object' };

/**
 * Checks the options of a function of dates.
 *
 * @param what the function that received the options.
 * @throws ConfigurationError
 */
export function readZone(what: string, options: DateOptions): Zone {
  const [own, problems] = readOptions(options, OPTIONS);
  const { timeZone = 'UTC', clock = systemClock } = own;
  refuse(what, [timeZoneProblem(timeZone), ...problems]);
  const now = Temporal.Instant.fromEpochMilliseconds(Math.floor(clock.now()));
  return {
    timeZone,
    isChosen: own.timeZone !== undefined,
    now,
    today: now.toZonedDateTimeISO(timeZone).toPlainDate(),
  };
}

/** Returns the first moment of a day in milliseconds since the epoch. In some zones, clocks skip midnight on the day of a change. */
export function startOfDay(date: Temporal.PlainDate, { timeZone }: Zone): number {
  return date.toZonedDateTime(timeZone).epochMilliseconds;
}

/** Returns the problem of a time zone, or undefined if the time zone is known. */
export function timeZoneProblem(timeZone: string): string | undefined {
  // Temporal also accepts offsets, and times with a zone.
  const isName = !/^[+\-\d]/.test(timeZone);
  if (isName && valid(() => Temporal.PlainDate.from('2000-01-01').toZonedDateTime(timeZone)))
    return undefined;
  const names = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  const end = `/${timeZone.toLowerCase().replaceAll(' ', '_')}`;
  const nearest =
    names.find((name) => name.toLowerCase().endsWith(end)) ??
    nearestName(timeZone, names, timeZone.length / 4 + 1);
  const hint = nearest ? `. Did you mean ${nearest}?` : '';
  return `timeZone must be an IANA name, such as Europe/Berlin, not ${JSON.stringify(timeZone)}${hint}`;
}
