import type { AxiosInstance } from 'axios';
import { isWhole, type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import type { Day, DaysText } from '../dates/list-days.ts';
import type { DateOptions } from '../dates/time-zone.ts';
import type { ExportOptions } from '../export/options.ts';
import type { Progress } from '../progress.ts';
import { RUN_OPTIONS, runProblems } from '../run-options.ts';
import type { Sink } from '../sinks/sink.ts';
import type { PageSource } from '../sources/source.ts';
import type { DayOutcome } from './outcome.ts';

/** Options of {@link exportDays}. Durations are in milliseconds. */
export interface ExportDaysOptions<Item = unknown>
  extends Omit<ExportOptions<Item>, 'source' | 'sink' | 'checkpoint' | 'onProgress'>,
    Pick<DateOptions, 'timeZone'> {
  /** The days to export, such as `{ since: '2026-10-01' }` for each day until yesterday. */
  days: DaysText;
  /** Returns the source of a day. Records that began on another day are not written, if the source has `startedAt`. */
  source: (day: Day) => PageSource<Item>;
  /** Returns the sink of a day, such as `jsonLinesFile(`conversations-${day.date}.jsonl`)`. */
  sink: (day: Day) => Sink<Item>;
  /** How many of the last complete days are exported again, because records can change later. @default 0 */
  reread?: number | undefined;
  /** Exports all days again. The complete files of earlier runs are renamed when the new files are complete. @default false */
  restart?: boolean | undefined;
  /** Called with the progress of a day. An exception ends the run. */
  onProgress?: ((progress: Progress, day: Day) => void) | undefined;
  /** Called after each day that was exported or failed. An exception ends the run. */
  onDay?: ((outcome: DayOutcome) => void) | undefined;
}

/** Options of {@link pendingDays}. Without `api` and `account`, a day is complete whichever account exported it. */
export interface PendingDaysOptions<Item = unknown> extends Omit<ExportDaysOptions<Item>, 'api'> {
  api?: AxiosInstance | undefined;
}

const OPTIONS: OptionTable<ExportDaysOptions> = {
  ...RUN_OPTIONS,
  days: 'any',
  timeZone: 'string',
  source: 'function',
  sink: 'function',
  reread: 'any',
  onDay: 'function',
  checkpointInterval: 'number',
  readAhead: 'number',
};

/** Returns the checked options. @throws ConfigurationError that lists all invalid options. */
export function checkDaysOptions<Item>(given: ExportDaysOptions<Item>): ExportDaysOptions<Item> {
  const [options, problems] = readOptions<ExportDaysOptions<Item>>(given, OPTIONS);
  refuse('exportDays', [...runProblems(options), ...daysProblems(options), ...problems]);
  return options;
}

/** Returns the checked options of {@link pendingDays}. @throws ConfigurationError */
export function checkPendingOptions<Item>(given: PendingDaysOptions<Item>): PendingDaysOptions<Item> {
  const [options, problems] = readOptions<PendingDaysOptions<Item>>(given, OPTIONS);
  refuse('pendingDays', [...daysProblems(options), ...problems]);
  return options;
}

function daysProblems<Item>({ days, source, sink, reread = 0 }: Partial<PendingDaysOptions<Item>>) {
  return [
    days === undefined && "days must be the days to export, such as { since: '2026-10-01' }",
    source === undefined && 'source must be a function that returns the source of a day',
    sink === undefined && 'sink must be a function that returns the sink of a day',
    !isWhole(reread) && 'reread must be a whole number of days',
  ];
}
