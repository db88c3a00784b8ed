import type { Day, DaysText } from '../dates/list-days.ts';
import type { DateOptions } from '../dates/time-zone.ts';
import type { BatchError } from '../errors.ts';
import type { ExportSummary } from '../export/export.ts';
import type { ExportOptions } from '../export/options.ts';
import type { Progress } from '../progress.ts';
import type { Sink } from '../sinks/sink.ts';
import type { PageSource } from '../sources/source.ts';

/** Options of {@link exportDays}. Durations are in milliseconds. */
export interface ExportDaysOptions<Item = unknown>
  extends Omit<ExportOptions<Item>, 'source' | 'sink' | 'checkpoint' | 'onProgress'>,
    Pick<DateOptions, 'timeZone'> {
  days: DaysText;
  /** Returns the source of a day. Records that began on another day are not written, if the source has `startedAt`. */
  source: (day: Day) => PageSource<Item>;
  /** Returns the sink of a day, such as `jsonLinesFile(`conversations-${day.date}.jsonl`)`. */
  sink: (day: Day) => Sink<Item>;
  /** How many of the last complete days are exported again, because records can change later. @default 0 */
  reread?: number | undefined;
  /** Called with the progress of a day. An exception ends the run. */
  onProgress?: ((progress: Progress, day: Day) => void) | undefined;
  /** Called after each day that was exported or failed. */
  onDay?: ((outcome: DayOutcome) => void) | undefined;
}

/** What became of a day. */
export type DayOutcome =
  | { readonly day: Day; readonly status: 'complete'; readonly summary: ExportSummary }
  | { readonly day: Day; readonly status: 'failed'; readonly error: BatchError };

/** The result of {@link exportDays}, if all days are complete. */
export interface DaysSummary {
  /** All days, in order. Days that an earlier run has completed have `alreadyComplete`. */
  readonly days: readonly { readonly day: Day; readonly summary: ExportSummary }[];
  /** Sums over the days. */
  readonly records: number;
  readonly outside: number;
  readonly stated?: number | undefined;
  readonly missing: number;
  /** The warnings of all days, each with its date. */
  readonly warnings: readonly string[];
}

/**
 * Exports each day into an output of its own. Complete days are skipped, so that the same call every night exports the new days.
 *
 * A file gets its name only when its day is complete. A day that fails does not hold back the others.
 *
 * @throws DaysError with the outcome of each day if a day fails. ConfigurationError that lists all invalid options. BatchError `ERR_LOCKED`
 * if another run exports the same days, `ERR_INTERRUPTED` if `signal` aborts.
 */
export async function exportDays<Item>(options: ExportDaysOptions<Item>): Promise<DaysSummary> {
  throw new Error(`not implemented: ${options.days}`);
}

/**
 * Returns the days that {@link exportDays} would export. Sends no request.
 */
export async function pendingDays<Item>(options: ExportDaysOptions<Item>): Promise<Day[]> {
  throw new Error(`not implemented: ${options.days}`);
}
