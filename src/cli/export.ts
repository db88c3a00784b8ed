import { type ExportSummary, exportRecords, type PageSource } from '../batch/index.ts';
import { duration, refuse } from '../core/internal.ts';
import { completionOf, describeRecords } from './completion.ts';
import type { ExitCode } from './exit-code.ts';
import type { ExportJob } from './export-job.ts';
import { FILE_ONLY, passedFlags, QUEUE_ONLY } from './flags/queue-flags.ts';
import type { Io } from './io.ts';
import { runJob } from './job.ts';
import { sinkFor } from './output.ts';
import type { Interval } from './parse.ts';
import { runQueuedExport } from './queue/queued-export.ts';
import { count, counted } from './reporter/words.ts';
import { type SourceDescription, sourceOf } from './sources.ts';

/** Runs an export in this process, or submits it to a queue. @returns the exit code. */
export function runExportJob(io: Io, exportJob: ExportJob): Promise<ExitCode> {
  const { args, flags, source, warningFor, ...job } = exportJob;
  if (flags.queue !== undefined) return runQueuedExport(io, exportJob);
  const { out, readAhead, checkpoint, checkpointInterval } = flags;
  const toFile = out !== '-';
  return runJob(io, {
    ...job,
    args,
    flags,
    file: toFile ? out : undefined,
    canResume: toFile,
    prepare() {
      const queueOnly = passedFlags(QUEUE_ONLY, args);
      refuse('--queue', [
        queueOnly.length > 0 && `missing; ${queueOnly.join(', ')} can be used only with --queue`,
      ]);
      const fileOnly = passedFlags(FILE_ONLY, args);
      refuse(fileOnly.join(', '), [
        !toFile && fileOnly.length > 0 && 'requires a file as output, not --out -',
      ]);
      const options = {
        source: toSource(source(), flags.interval),
        sink: sinkFor(io, flags),
      };
      return async (run) => {
        const summary = await exportRecords({
          ...run,
          ...options,
          readAhead,
          checkpoint,
          checkpointInterval,
        });
        return completionOf(summary, flags, describeResult(summary), [warningFor?.(summary)]);
      };
    },
  });
}

function toSource(source: PageSource | SourceDescription, interval: Interval | undefined): PageSource {
  return 'read' in source ? source : sourceOf(source, `${interval?.start}/${interval?.end}`);
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
