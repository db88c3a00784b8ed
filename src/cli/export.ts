import { type ExportSummary, exportRecords, type RunOptions } from '../batch/index.ts';
import { duration, refuse } from '../core/internal.ts';
import { completionOf, describeRecords } from './completion.ts';
import { checkTemplate } from './days/day-output.ts';
import { runDays } from './days/run-days.ts';
import type { ExitCode } from './exit-code.ts';
import { createSource, type ExportJob } from './export-job.ts';
import { FILE_ONLY, passedFlags, refuseQueueFlags } from './flags/queue-flags.ts';
import type { Io } from './io.ts';
import { runJob } from './job.ts';
import { sinkFor } from './output.ts';
import { runQueued } from './queue/run-queued.ts';
import { count, counted } from './reporter/words.ts';

/** Runs an export in this process, or submits it to a queue. @returns the exit code. */
export function runExportJob(io: Io, exportJob: ExportJob): Promise<ExitCode> {
  const { args, flags, source: _, warningFor, ...job } = exportJob;
  const { out, readAhead, checkpoint, checkpointInterval, interval, days, relative } = flags;
  if (flags.queue !== undefined) return runQueued(io, exportJob);
  if (days) return runDays(io, exportJob, days);
  const toFile = out !== '-';
  return runJob(io, {
    ...job,
    args,
    flags,
    relative,
    file: toFile ? out : undefined,
    canResume: toFile,
    prepare() {
      refuseQueueFlags(args);
      checkTemplate(out, undefined);
      const fileOnly = passedFlags(FILE_ONLY, args);
      refuse(fileOnly.join(', '), [
        !toFile && fileOnly.length > 0 && 'requires a file as output, not --out -',
      ]);
      const options = {
        source: createSource(exportJob, interval && `${interval.start}/${interval.end}`),
        sink: sinkFor(io, flags),
      };
      const run = async (runOptions: RunOptions) => {
        const summary = await exportRecords({
          ...runOptions,
          ...options,
          readAhead,
          checkpoint,
          checkpointInterval,
        });
        return completionOf(summary, flags, describeResult(summary), [warningFor?.(summary)]);
      };
      return { run };
    },
  });
}

function describeResult(summary: ExportSummary): string {
  const { pages, repeated, elapsed, output, alreadyComplete, resumed } = summary;
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
