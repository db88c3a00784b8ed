import {
  csvInput,
  type ImportSummary,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  type RecordInput,
} from '../batch/index.ts';
import { formatOf } from '../batch/internal.ts';
import { duration, refuse } from '../core/internal.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import type { ImportFlags } from './flags/import-flags.ts';
import { type Job, runJob } from './job.ts';
import { count, counted } from './reporter/words.ts';

/**
 * Runs an import and sets the exit code.
 *
 * @param target creates the target, after the flags are parsed.
 * @param api which API gets the records. @default Genesys Cloud
 */
export async function runImport(
  { io, args, setExitCode }: CommandContext,
  name: string,
  flags: ImportFlags,
  target: () => ImportTarget,
  api: Pick<Job, 'vendor' | 'baseUrl' | 'url'> = { vendor: 'genesys' },
): Promise<void> {
  const { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchSize: batchRecords } = flags;
  const code = await runJob(io, {
    name,
    args,
    flags,
    ...api,
    sendsRecords: true,
    file: flags.in,
    canResume: true,
    prepare() {
      const parts = { input: inputOf(flags), target: target() };
      const own = { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchRecords };
      return async (run) => {
        const summary = await importRecords({ ...run, ...own, ...parts });
        return {
          message: describeResult(summary),
          summary,
          ...outcomeOf(summary),
        };
      };
    },
  });
  setExitCode(code);
}

function inputOf({ in: path, format, delimiter }: ImportFlags): RecordInput {
  const chosen = format ?? formatOf(path) ?? 'jsonl';
  refuse('--in', [
    path === '-' &&
      'must be a file, because a resumed import reads the input again; save standard input to a file',
    chosen === 'jsonl.gz' && `${path} is compressed; decompress the file first`,
    delimiter !== undefined && chosen !== 'csv' && `--delimiter requires the format csv, not ${chosen}`,
  ]);
  return chosen === 'csv' ? csvInput(path, { delimiter }) : jsonLinesInput(path);
}

/** Returns the exit code and what to do. The same command has nothing left to do if the import was complete before. */
function outcomeOf({ rejected, unresolved, alreadyComplete, ...files }: ImportSummary) {
  if (rejected + unresolved === 0) return { exitCode: EXIT.complete };
  const paths = [files.rejects, files.unresolvedRecords].filter((path) => path !== undefined);
  return {
    exitCode: alreadyComplete ? EXIT.permanent : EXIT.partial,
    hint: `fix the records, then import each file: ${paths.map((path) => `--in ${path}`).join(', ')}`,
  };
}

function describeResult(summary: ImportSummary): string {
  const { accepted, rejected, unresolved, elapsed, alreadyComplete, rejects, unresolvedRecords } = summary;
  return [
    alreadyComplete
      ? `already complete: ${counted(accepted, 'record')} accepted; add --restart to send all records again`
      : `complete: ${counted(accepted, 'record')} accepted in ${duration(elapsed)}`,
    rejects !== undefined && `${count(rejected)} rejected, see ${rejects}`,
    unresolvedRecords !== undefined && `${count(unresolved)} unresolved, see ${unresolvedRecords}`,
  ]
    .filter(Boolean)
    .join('; ');
}
