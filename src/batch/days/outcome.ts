import type { Day } from '../dates/list-days.ts';
import type { BatchError } from '../errors.ts';
import type { ExportSummary } from '../export/export.ts';

/** The result of one day. A day is not started if an error that concerns all days ended the run before the day. */
export type DayOutcome =
  | { readonly day: Day; readonly status: 'complete'; readonly summary: ExportSummary }
  | { readonly day: Day; readonly status: 'failed'; readonly error: BatchError }
  | { readonly day: Day; readonly status: 'not-started' };

/** The result of {@link exportDays}, if all days are complete. */
export interface DaysSummary {
  /** All days, in order. Days that an earlier run has completed have `alreadyComplete`. */
  readonly days: readonly { readonly day: Day; readonly summary: ExportSummary }[];
  /** The sums of all days. `records + outside + repeated + missing` is `stated`, if no day repeats records within a query. */
  readonly records: number;
  readonly outside: number;
  readonly repeated: number;
  /** The records that the API stated; undefined if the API stated no total for a day with records. */
  readonly stated?: number | undefined;
  readonly missing: number;
  /** The warnings of the days that this run exported, each with its date, and warnings about files that no longer exist. */
  readonly warnings: readonly string[];
}

/** Adds up the days. @param warnings about the run. */
export function summaryOf(days: DaysSummary['days'], warnings: readonly string[]): DaysSummary {
  const summaries = days.map(({ summary }) => summary);
  const sum = (count: (summary: ExportSummary) => number) =>
    summaries.reduce((total, summary) => total + count(summary), 0);
  const isStated = summaries.every(
    // The API states no total for a day without records.
    ({ stated, records, outside }) => stated !== undefined || records + outside === 0,
  );
  return {
    days,
    records: sum(({ records }) => records),
    outside: sum(({ outside }) => outside),
    repeated: sum(({ repeated }) => repeated),
    ...(isStated && { stated: sum(({ stated = 0 }) => stated) }),
    missing: sum(({ missing }) => missing),
    warnings: [
      ...days.flatMap(({ day, summary }) =>
        summary.alreadyComplete ? [] : summary.warnings.map((warning) => `${day.date}: ${warning}`),
      ),
      ...warnings,
    ],
  };
}
