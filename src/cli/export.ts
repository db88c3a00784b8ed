import { type ExportSummary, exportRecords, type RunOptions } from '../batch/index.ts';
import { parseInterval } from '../batch/internal.ts';
import { duration } from '../core/internal.ts';
import { completionOf, describeRecords } from './completion.ts';
import { checkTemplate } from './days/day-output.ts';
import { runDays } from './days/run-days.ts';
import type { ExitCode } from './exit-code.ts';
import { createSource, type ExportJob } from './export-job.ts';
import { refuseUnusedFlags } from './flags/flag-rules.ts';
import type { Io } from './io.ts';
import { runJob } from './job.ts';
import { sinksFor } from './output.ts';
import type { Interval } from './parse.ts';
import { shownOutput, tableOf } from './postgres-output.ts';
import { runQueued } from './queue/run-queued.ts';
import { count, counted } from './reporter/words.ts';

/** Runs an export in this process, or submits it to a queue. @returns the exit code. */
export function runExportJob(io: Io, exportJob: ExportJob): Promise<ExitCode> {
  const { args, flags, source: _, warningFor, id, ...job } = exportJob;
  const { out, readAhead, checkpoint, checkpointInterval, interval, days, relative } = flags;
  if (flags.queue !== undefined) return runQueued(io, exportJob);
  if (days) return runDays(io, exportJob, days);
  const canResume = out !== '-';
  return runJob(io, {
    ...job,
    args,
    flags,
    relative,
    file: canResume ? shownOutput(out) : undefined,
    canResume,
    prepare(_, environment) {
      refuseUnusedFlags(args, flags);
      checkTemplate(out, undefined);
      const whole = interval && `${interval.start}/${interval.end}`;
      const source = createSource(exportJob, whole);
      const exported = { id, name: interval ? inUtc(interval) : source.name };
      const options = { source, sink: sinksFor(io, flags, exported, environment)() };
      const run = async (runOptions: RunOptions) => {
        const summary = await exportRecords({
          ...runOptions,
          ...options,
          readAhead,
          checkpoint,
          checkpointInterval,
        });
        return completionOf(summary, flags, describeResult(summary, tableOf(out)), [warningFor?.(summary)]);
      };
      return { run };
    },
  });
}

/** @param table of Postgres, if any. */
function describeResult(summary: ExportSummary, table: string | undefined): string {
  const { pages, repeated, elapsed, output = table, alreadyComplete, resumed } = summary;
  const where = output === undefined ? '' : ` in ${output}`;
  if (alreadyComplete) {
    return `already complete: ${describeRecords(summary, where)}; add --restart to export again`;
  }
  return [
    `complete: ${describeRecords(summary, where)}`,
    counted(pages, 'page'),
    `${duration(elapsed)}${resumed ? ' since the resume' : ''}`,
    `${count(summary.recordsPerSecond)} records/s`,
    counted(summary.refreshes, 'token refresh', 'token refreshes'),
    counted(summary.replays, 'replay'),
    counted(summary.retries, 'retry', 'retries'),
    repeated > 0 && `${counted(repeated, 'duplicate')} dropped`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Returns an interval as the same text in any time zone, because it names an export. */
function inUtc(interval: Interval): string {
  const { start, end } = parseInterval(`${interval.start}/${interval.end}`);
  return [start, end].map((time) => new Date(time).toISOString().replace(/(:00)?\.000Z$/, 'Z')).join('/');
}
