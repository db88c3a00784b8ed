import { type Command, Option } from 'commander';
import { type ExportSummary, exportRecords, type PageSource } from '../batch/index.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import type { VendorName } from './connection.ts';
import type { ExitCode } from './exit-code.ts';
import { given } from './given.ts';
import type { Io } from './io.ts';
import { runJob } from './job.ts';
import { sinkFor } from './output.ts';
import { type Interval, parseCount, parseList, parseSeconds } from './parse.ts';
import { addQueueNameFlag, QUEUE_FLAG } from './queue/connection.ts';
import { runQueuedExport } from './queue/queued-export.ts';
import { count, counted, duration } from './reporter/words.ts';
import { resumeCommand } from './resume.ts';
import { addRunFlags, type RunFlags } from './run-flags.ts';
import { type SourceDescription, sourceOf } from './sources.ts';

/** Flags that all exports share. */
export interface ExportFlags extends RunFlags {
  out: string;
  format?: OutputFormat;
  columns?: string[];
  interval?: Interval;
  /** Give it to workers, and the rest of what only that has. */
  queue?: string;
  queueName?: string;
  parts?: number;
  name?: string;
  merge?: boolean;
  keepParts?: boolean;
  readAhead?: number;
  checkpointInterval?: number;
}

/** @param rate the default, such as `300/min`. */
export function addExportFlags(command: Command, rate: string): Command {
  command
    .requiredOption('--out <file>', 'the file to write; - for standard output, which cannot be resumed')
    .addOption(
      new Option('--format <format>', 'of the file (default: by the ending of its name)').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--columns <names>', 'of a CSV, separated by commas; dots lead into objects', parseList)
    .option('--read-ahead <n>', 'pages read before they are written (default: 6)', parseCount)
    .option(
      '--checkpoint-interval <s>',
      'seconds between checkpoints; 0 for each page (default: 1)',
      parseSeconds,
    );
  return addRunFlags(command, rate);
}

// Without a queue they would be passed over in silence, as the one who left it out did not mean.
const OF_QUEUE = ['--queue-name', '--parts', '--name', '--keep-parts', '--no-merge'];

/** Flags of exports that can be split among workers. */
export function addSplitFlags(command: Command): Command {
  command
    .option(QUEUE_FLAG[0], `give it to the workers of this queue: ${QUEUE_FLAG[1]}`)
    .option('--parts <n>', 'with --queue: into how many it is split (default: 24)', parseCount)
    .option('--name <name>', 'with --queue: of the export (default: that of the file)')
    .option('--keep-parts', 'with --queue: leave the parts beside the file')
    .option('--no-merge', 'with --queue: leave the parts alone, with a manifest');
  return addQueueNameFlag(command);
}

/** An export as its command describes it. */
export interface ExportJob {
  name: string;
  args: readonly string[];
  flags: ExportFlags;
  vendor?: VendorName | undefined;
  baseUrl?: string | undefined;
  /** What is asked for, where it can need a base URL. */
  url?: string | undefined;
  /** Makes the source, or says what it is made of where workers can make it; what it throws is a usage error. */
  source: () => PageSource | SourceDescription;
  /** What should be looked at although the export is complete. */
  doubt?: ((summary: ExportSummary) => string | undefined) | undefined;
}

/** Runs an export to its last word. @returns the exit code. */
export function runExportJob(io: Io, exportJob: ExportJob): Promise<ExitCode> {
  const { args, flags, source, doubt, ...job } = exportJob;
  if (flags.queue !== undefined) return runQueuedExport(io, exportJob);
  const { out, format, columns, readAhead, checkpoint, checkpointInterval } = flags;
  const toFile = out !== '-';
  return runJob(io, {
    ...job,
    flags,
    file: toFile ? out : undefined,
    resume: toFile ? resumeCommand(args, io.env) : undefined,
    prepare() {
      const ofQueue = given(OF_QUEUE, args);
      refuse('--queue', [ofQueue.length > 0 && `${ofQueue.join(', ')} is for exports with --queue: add it`]);
      refuse('--checkpoint', [
        !toFile && checkpoint !== undefined && 'standard output cannot be gone on with: it takes a file',
      ]);
      const options = {
        source: madeOf(source(), flags.interval),
        sink: sinkFor(io, { out, format, columns }),
      };
      return async (run) => {
        const summary = await exportRecords({
          ...run,
          ...options,
          readAhead,
          checkpoint,
          checkpointInterval,
        });
        return { message: inWords(summary), summary, warning: doubt?.(summary) };
      };
    },
  });
}

function madeOf(source: PageSource | SourceDescription, interval: Interval | undefined): PageSource {
  return 'read' in source ? source : sourceOf(source, `${interval?.start}/${interval?.end}`);
}

function inWords(summary: ExportSummary): string {
  const { records, pages, repeated, elapsed, output, alreadyComplete, resumed } = summary;
  const where = output === undefined ? '' : ` in ${output}`;
  if (alreadyComplete) {
    return `complete already: ${counted(records, 'record')}${where}; --restart exports it anew`;
  }
  return [
    `complete: ${counted(records, 'record')}${where}`,
    counted(pages, 'page'),
    `${duration(elapsed)}${resumed ? ' since it was resumed' : ''}`,
    `${count(summary.recordsPerSecond)} records/s`,
    counted(summary.refreshes, 'token refresh', 'token refreshes'),
    counted(summary.replays, 'replay'),
    counted(summary.retries, 'retry', 'retries'),
    repeated > 0 && `${count(repeated)} repeated by the API and left out`,
  ]
    .filter(Boolean)
    .join(', ');
}
