import type { Clock } from '../../core/index.ts';

/** Options of {@link resolveInterval}. */
export interface DateOptions {
  /** IANA name of the time zone in which dates without a zone count, such as `Europe/Berlin`. @default 'UTC' */
  timeZone?: string | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

/**
 * Returns an interval in ISO 8601, in UTC, for dates as people write them: `2026-10-01/2026-11-01`, `2026-10-01T08:00/PT12H`,
 * `2026-10-01/P1D`, `P1D/2026-10-02`, `2026-10-01`, `2026-10`, `2026-W40`, `2026`, `today` is refused, `yesterday`, `last-week` (Monday to
 * Sunday), `last-month`. The end of `start/end` is exclusive.
 *
 * @throws ConfigurationError if the text, the time zone or the end, which must not be in the future, is wrong.
 */
export function resolveInterval(text: string, options: DateOptions = {}): string {
  throw new Error(`not implemented: ${text} ${options.timeZone}`);
}
