import type { Json } from '../../batch/index.ts';
import {
  type ExportHandle,
  listExports,
  removeExport,
  submitExport,
  type WholeSummary,
} from '../../bullmq/index.ts';
import { findArgumentSecrets } from '../argument-secrets.ts';
import { reportCompletion } from '../completion.ts';
import { checkTemplate } from '../days/day-output.ts';
import { readEnvironment } from '../environment.ts';
import type { ExitCode } from '../exit-code.ts';
import type { ExportJob } from '../export-job.ts';
import { failureOf } from '../failure.ts';
import type { ExportFlags } from '../flags/export-flags.ts';
import { abortOnSignal } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { openReporter } from '../open-reporter.ts';
import { csvOptions } from '../output.ts';
import type { Completion, Reporter } from '../reporter/types.ts';
import { resumeCommand } from '../resume.ts';
import { VENDOR_OF } from '../sources.ts';
import { accountOfSubmitter } from './account.ts';
import { describeQueued } from './describe-queued.ts';
import type { QueuedExport, QueueRun, Submitted } from './queue-run.ts';
import { queueUrl } from './queue-url.ts';
import { runQueuedDays } from './queued-days.ts';
import { runQueuedExport } from './queued-export.ts';

/** Submits an export, or the exports of days, to a queue, and waits until the workers complete them. @returns the exit code. */
export async function runQueued(io: Io, job: ExportJob): Promise<ExitCode> {
  const { name: command, args, flags } = job;
  const { relative, days } = flags;
  const reporter = openReporter(io, flags, findArgumentSecrets(args));
  let waitedFor: ExportHandle | undefined;
  const onInterrupt = () => reporter.interrupted(stoppedWaiting(waitedFor?.isAttended));
  const { signal, release } = abortOnSignal(io, onInterrupt, reporter.stop);
  try {
    const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
    checkTemplate(flags.out, days);
    const described = describeQueued(job);
    const connection = await queueUrl(flags.queue ?? '', environment);
    const account = accountOfSubmitter(environment, VENDOR_OF[described.description.source]);

    const where = { connection, queue: flags.queueName };
    const remove = (name: string) => removeExport({ ...where, name });

    async function submit(queued: QueuedExport, progress?: { day: string }): Promise<Submitted> {
      const { name, parts, description, output, ...more } = queued;
      if (flags.restart) await remove(name);
      const handle = await submitExport({
        ...where,
        name,
        ...more,
        parts,
        // JSON has no undefined values.
        common: JSON.parse(JSON.stringify(description)) as Json,
        account,
        priority: flags.priority,
        output,
        format: flags.format,
        csv: csvOptions(flags),
        keepParts: flags.keepParts,
      });
      return {
        isComplete: handle.state === 'complete',
        finished() {
          waitedFor = handle;
          return waitFor(handle, { flags, reporter, signal }, progress);
        },
        close: handle.close,
      };
    }

    const run: QueueRun = { job, reporter, signal, submit, remove, list: () => listExports(where) };
    const completion: Completion = days
      ? await runQueuedDays(run, described, days)
      : await runQueuedExport(run, described);
    return reportCompletion(reporter, completion);
  } catch (error) {
    const resume = resumeCommand(args, io.env, relative);
    const failure = failureOf(signal.aborted ? signal.reason : error, {
      ...{ command, resume, relative },
      keepsFlags: true,
    });
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.stop();
    release();
  }
}

interface Waiting {
  flags: ExportFlags;
  reporter: Reporter;
  signal: AbortSignal;
}

function waitFor(
  handle: ExportHandle,
  { flags, reporter, signal }: Waiting,
  more: { day: string } | undefined,
): Promise<WholeSummary> {
  let wasAttended: boolean | undefined;
  return handle.finished({
    signal,
    pollInterval: pollInterval(flags.progressInterval),
    onProgress(progress) {
      if (wasAttended === false && handle.isAttended) {
        reporter.note('workers-found', 'workers process the export now', {});
      }
      wasAttended = handle.isAttended;
      reporter.progress({ ...progress, ...more });
    },
    onWarning: reporter.warning,
  });
}

function stoppedWaiting(isAttended: boolean | undefined): string {
  if (isAttended === false) {
    return 'stopped waiting; no worker processes the export now, and it stays in the queue. To wait again, run the same command';
  }
  const condition = isAttended ? '' : ', if the queue has any';
  return `stopped waiting; the workers continue${condition}. To wait again, run the same command`;
}

/** Returns the progress interval within limits: a rare poll would report the end of the export late. */
function pollInterval(progressInterval: number | undefined): number | undefined {
  return progressInterval === undefined ? undefined : Math.min(Math.max(progressInterval, 100), 1000);
}
