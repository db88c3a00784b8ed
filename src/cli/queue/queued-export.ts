import type { Json } from '../../batch/index.ts';
import { removeExport, splitInterval, submitExport, type WholeSummary } from '../../bullmq/index.ts';
import { refuse, systemClock } from '../../core/internal.ts';
import { readEnvironment } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { ExportJob } from '../export-job.ts';
import { failureOf } from '../failure.ts';
import type { ExportFlags } from '../flags/export-flags.ts';
import { DEFAULT_PARTS, passedFlags, WORKER_ONLY } from '../flags/queue-flags.ts';
import { abortOnSignal } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { outputFormat } from '../output.ts';
import { createReporter } from '../reporter/create-reporter.ts';
import { count, counted, duration } from '../reporter/words.ts';
import { resumeCommand } from '../resume.ts';
import { type SourceDescription, sourceOf } from '../sources.ts';
import { queueUrl } from './queue-url.ts';

/** Submits an export to the workers of a queue and waits until it ends. @returns the exit code. */
export async function runQueuedExport(
  io: Io,
  { name: command, args, flags, source }: ExportJob,
): Promise<ExitCode> {
  const { log, progressInterval: interval, out, format, columns, queue = '', queueName } = flags;
  const reporter = createReporter({ stream: io.stderr, log, interval, clock: systemClock });
  const onInterrupt = () =>
    reporter.warning('no longer waiting: the workers go on; the same command waits again');
  const { signal, release } = abortOnSignal(io, onInterrupt, reporter.stop);
  const began = systemClock.now();
  try {
    const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
    const { description, whole } = describe(source(), flags, args);
    // Its options are wrong here as they would be there.
    sourceOf(description, whole);
    const name = flags.name ?? out.replace(/[^\w.-]+/g, '_').replace(/^[^a-z\d]+/i, '');
    refuse('--name', [name === '' && `${out} makes none: give one, of letters and digits`]);
    const where = { connection: queueUrl(queue, environment), queue: queueName, name };
    if (flags.restart) await removeExport(where);
    const handle = await submitExport({
      ...where,
      parts: splitInterval(whole, flags.parts ?? DEFAULT_PARTS),
      // Without what is undefined, which JSON cannot say.
      common: JSON.parse(JSON.stringify(description)) as Json,
      output: flags.merge === false ? false : out,
      format,
      ...(columns && { csv: { columns } }),
      keepParts: flags.keepParts,
    });
    try {
      reporter.started(command, out);
      const summary = await handle.finished({
        signal,
        pollInterval: pollInterval(interval),
        onProgress: reporter.progress,
      });
      const message = inWords(summary, systemClock.now() - began);
      reporter.completed({ message, summary, exitCode: EXIT.complete });
      return EXIT.complete;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const failure = failureOf(signal.aborted ? signal.reason : error, resumeCommand(args, io.env));
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.stop();
    release();
  }
}

function describe(
  source: ReturnType<ExportJob['source']>,
  flags: ExportFlags,
  args: readonly string[],
): { description: SourceDescription; whole: string } {
  const { interval, out, merge } = flags;
  const workerOnly = passedFlags(WORKER_ONLY, args);
  refuse('--queue', [
    (!interval || 'read' in source) &&
      'this export cannot be split: it takes genesys-conversations, genesys-conversation-jobs or cxone-completed-contacts',
    workerOnly.length > 0 &&
      `${workerOnly.join(', ')} is for the workers to decide: give it to axios-oauth-refresh worker`,
    out === '-' && "--out has to be a file below the workers' directory",
    out !== '-' &&
      out.startsWith('/') &&
      "--out is a path below the workers' directory: leave out the / before it",
  ]);
  const format = outputFormat(flags);
  refuse('--queue', [merge === false && format !== 'jsonl' && '--no-merge leaves parts as JSON Lines']);
  return {
    description: source as SourceDescription,
    whole: `${interval?.start}/${interval?.end}`,
  };
}

/** As often as progress is reported, within limits: a rare poll would report the end of the export late. */
function pollInterval(progressInterval: number | undefined): number | undefined {
  return progressInterval === undefined ? undefined : Math.min(Math.max(progressInterval, 100), 1000);
}

function inWords(
  { records, repeated, parts, output, manifest, alreadyComplete }: WholeSummary,
  elapsed: number,
) {
  const where = `${counted(records, 'record')} in ${output ?? manifest} below the workers' directory`;
  if (alreadyComplete)
    return `complete already: ${where}; to export it anew, remove the file and add --restart`;
  return [
    `complete: ${where}`,
    counted(parts, 'part'),
    duration(elapsed),
    repeated > 0 && `${count(repeated)} repeated by the API and left out`,
  ]
    .filter(Boolean)
    .join(', ');
}
