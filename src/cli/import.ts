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
import { completionOf } from './completion.ts';
import { EXIT } from './exit-code.ts';
import type { ImportFlags } from './flags/import-flags.ts';
import { runJob } from './job.ts';
import { count, counted } from './reporter/words.ts';

/** Runs an import and sets the exit code. @param target creates the target, after the flags are parsed. */
export async function runImport(
  { io, args, setExitCode }: CommandContext,
  name: string,
  flags: ImportFlags,
  target: () => ImportTarget,
): Promise<void> {
  const { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchSize: batchRecords } = flags;
  const code = await runJob(io, {
    name,
    args,
    flags,
    vendor: 'genesys',
    file: flags.in,
    canResume: true,
    prepare() {
      const parts = { input: inputOf(flags), target: target() };
      const own = { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchRecords };
      return async (run) => {
        const summary = await importRecords({ ...run, ...own, ...parts });
        return { ...completionOf(summary, flags, describeResult(summary)), ...remainderOf(summary) };
      };
    },
  });
  setExitCode(code);
}

function inputOf({ in: path, format, delimiter, lastRowComplete }: ImportFlags): RecordInput {
  const chosen = format ?? formatOf(path) ?? 'jsonl';
  refuse('--in', [
    path === '-' &&
      'must be a file, because a resumed import reads the input again; save standard input to a file',
    chosen === 'jsonl.gz' && `${path} is compressed; decompress the file first`,
    delimiter !== undefined && chosen !== 'csv' && `--delimiter requires the format csv, not ${chosen}`,
  ]);
  return chosen === 'csv'
    ? csvInput(path, { delimiter, lastRowComplete })
    : jsonLinesInput(path, { lastRowComplete });
}

/** Returns the exit code and what to do, if not every row is accepted. The same command has nothing left to do if it imported nothing. */
function remainderOf({
  records,
  rejected,
  unresolved,
  alreadyComplete,
  unfinishedLine,
  ...files
}: ImportSummary) {
  const isUnfinished = unfinishedLine !== undefined;
  if (rejected + unresolved === 0 && !isUnfinished) return undefined;
  const paths = [files.rejects, files.unresolvedRecords].filter((path) => path !== undefined);
  const hints = [
    isUnfinished &&
      `finish line ${unfinishedLine} and run the same command again, or add --last-row-complete to send the row as it is`,
    paths.length > 0 &&
      `fix the records, then import each file: ${paths.map((path) => `--in ${path}`).join(', ')}`,
  ];
  return {
    exitCode: alreadyComplete || records === 0 ? EXIT.permanent : EXIT.partial,
    hint: hints.filter(Boolean).join('; '),
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
