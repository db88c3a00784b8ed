import type { Json } from '../../batch/index.ts';
import { removeExport, splitInterval, submitExport, type WholeSummary } from '../../bullmq/index.ts';
import { duration, monotonicOf, refuse, systemClock } from '../../core/internal.ts';
import { findArgumentSecrets } from '../argument-secrets.ts';
import { completionOf, describeRecords } from '../completion.ts';
import { readEnvironment } from '../environment.ts';
import type { ExitCode } from '../exit-code.ts';
import type { ExportJob } from '../export-job.ts';
import { failureOf } from '../failure.ts';
import type { ExportFlags } from '../flags/export-flags.ts';
import { DEFAULT_PARTS, passedFlags, WORKER_ONLY } from '../flags/queue-flags.ts';
import { abortOnSignal } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { openReporter } from '../open-reporter.ts';
import { csvOptions, outputFormat } from '../output.ts';
import { counted } from '../reporter/words.ts';
import { resumeCommand } from '../resume.ts';
import { type SourceDescription, sourceOf, VENDOR_OF } from '../sources.ts';
import { accountOfSubmitter } from './account.ts';
import { queueUrl } from './queue-url.ts';

/** Submits an export to a queue and waits until the workers complete it. @returns the exit code. */
export async function runQueuedExport(
  io: Io,
  { name: command, args, flags, source }: ExportJob,
): Promise<ExitCode> {
  const { progressInterval: interval, out, format, queue = '', queueName } = flags;
  const secrets = findArgumentSecrets(args);
  const reporter = openReporter(io, flags, secrets);
  let isAttended: () => boolean | undefined = () => undefined;
  const onInterrupt = () => reporter.interrupted(stoppedWaiting(isAttended()));
  const { signal, release } = abortOnSignal(io, onInterrupt, reporter.stop);
  const now = monotonicOf(systemClock);
  const began = now();
  try {
    const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
    const { description, whole } = describe(source(), flags, args);
    // Refuse wrong options before the export is submitted.
    sourceOf(description, whole);
    const name = flags.name ?? out.replace(/[^\w.-]+/g, '_').replace(/^[^a-z\d]+/i, '');
    refuse('--name', [name === '' && `cannot be derived from ${out}; set a name of letters and digits`]);
    const where = { connection: await queueUrl(queue, environment), queue: queueName, name };
    if (flags.restart) await removeExport(where);
    const handle = await submitExport({
      ...where,
      parts: splitInterval(whole, flags.parts ?? DEFAULT_PARTS),
      // JSON has no undefined values.
      common: JSON.parse(JSON.stringify(description)) as Json,
      account: accountOfSubmitter(environment, VENDOR_OF[description.source]),
      priority: flags.priority,
      output: flags.merge === false ? false : out,
      format,
      csv: csvOptions(flags),
      keepParts: flags.keepParts,
    });
    try {
      reporter.started(command, out);
      isAttended = () => handle.isAttended;
      let wasAttended: boolean | undefined;
      const summary = await handle.finished({
        signal,
        pollInterval: pollInterval(interval),
        onProgress(progress) {
          if (wasAttended === false && handle.isAttended) {
            reporter.note('workers-found', 'workers process the export now', {});
          }
          wasAttended = handle.isAttended;
          reporter.progress(progress);
        },
        onWarning: reporter.warning,
      });
      const message = describeResult(summary, now() - began);
      const completion = completionOf(summary, flags, message);
      for (const warning of completion.warnings ?? []) reporter.warning(warning);
      reporter.completed(completion);
      return completion.exitCode;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const resume = resumeCommand(args, io.env);
    const failure = failureOf(signal.aborted ? signal.reason : error, { command, resume, keepsFlags: true });
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.stop();
    release();
  }
}

function stoppedWaiting(isAttended: boolean | undefined): string {
  if (isAttended === false) {
    return 'stopped waiting; no worker processes the export now, and it stays in the queue. To wait again, run the same command';
  }
  const condition = isAttended ? '' : ', if the queue has any';
  return `stopped waiting; the workers continue${condition}. To wait again, run the same command`;
}

function describe(
  source: ReturnType<ExportJob['source']>,
  flags: ExportFlags,
  args: readonly string[],
): { description: SourceDescription; whole: string } {
  const { interval, out, merge } = flags;
  const workerOnly = passedFlags(WORKER_ONLY, args);
  const shareFlags = passedFlags(['--share', '--share-directory'], args);
  refuse('--queue', [
    shareFlags.length > 0 &&
      `not allowed with ${shareFlags.join(', ')}: the workers share one token and one rate in Redis`,
    (!interval || 'read' in source) &&
      'this export cannot be split: use genesys-conversations without --tutorial-form, genesys-conversation-jobs or cxone-completed-contacts',
    workerOnly.length > 0 &&
      `not allowed with ${workerOnly.join(', ')}: pass these flags to axios-oauth-refresh worker`,
    out === '-' && '--out must be a file in the --directory of the workers, not standard output',
    out !== '-' &&
      out.startsWith('/') &&
      `--out must be relative to the --directory of the workers: remove the leading / from ${out}`,
  ]);
  const format = outputFormat(flags);
  refuse('--queue', [
    merge === false &&
      flags.keepParts &&
      '--keep-parts cannot be combined with --no-merge, which always keeps the parts',
    merge === false &&
      format !== 'jsonl' &&
      `--no-merge writes JSON Lines: choose an --out that ends in .jsonl instead of ${out}`,
  ]);
  return {
    description: source as SourceDescription,
    whole: `${interval?.start}/${interval?.end}`,
  };
}

/** Returns the progress interval within limits: a rare poll would report the end of the export late. */
function pollInterval(progressInterval: number | undefined): number | undefined {
  return progressInterval === undefined ? undefined : Math.min(Math.max(progressInterval, 100), 1000);
}

function describeResult(summary: WholeSummary, elapsed: number) {
  const { repeated, parts, output, manifest, alreadyComplete } = summary;
  const where = describeRecords(summary, ` in ${output ?? manifest} in the directory of the workers`);
  if (alreadyComplete)
    return `already complete: ${where}; to export again, remove the file and add --restart`;
  return [
    `complete: ${where}`,
    counted(parts, 'part'),
    duration(elapsed),
    repeated > 0 && `${counted(repeated, 'duplicate')} dropped`,
  ]
    .filter(Boolean)
    .join(', ');
}
