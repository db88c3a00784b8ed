import {
  csvInput,
  type ImportSummary,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  mapFields,
  type RecordInput,
} from '../batch/index.ts';
import { formatOf } from '../batch/internal.ts';
import { duration, refuse } from '../core/internal.ts';
import type { CommandContext } from './command-context.ts';
import { completionOf } from './completion.ts';
import { finishRow, runDryRun } from './dry-run.ts';
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
  const { checkpoint, concurrency, onBadRecord, rejects, unresolved, maxRejects, sendAgain } = flags;
  const prepare = () => ({
    input: inputOf(flags),
    target: target(),
    batchRecords: flags.batchSize,
    retries: flags.retries,
    ...{ checkpoint, concurrency, onBadRecord, rejects, unresolved, maxRejects, sendAgain },
  });
  const job = { name, args, flags, file: flags.in };
  if (flags.dryRun) return setExitCode(await runDryRun(io, { ...job, prepare }));
  const code = await runJob(io, {
    ...job,
    ...api,
    sendsRecords: true,
    canResume: true,
    prepare() {
      const own = prepare();
      return {
        async run(options) {
          const summary = await importRecords({ ...options, ...own });
          return { ...completionOf(summary, flags, describeResult(summary)), ...remainderOf(summary) };
        },
      };
    },
  });
  setExitCode(code);
}

function inputOf({ in: path, format, delimiter, lastRowComplete, map }: ImportFlags): RecordInput {
  const chosen = format ?? formatOf(path) ?? 'jsonl';
  refuse('--in', [
    path === '-' &&
      'must be a file, because a resumed import reads the input again; save standard input to a file',
    chosen === 'jsonl.gz' && `${path} is compressed; decompress the file first`,
    delimiter !== undefined && chosen !== 'csv' && `--delimiter requires the format csv, not ${chosen}`,
  ]);
  const input =
    chosen === 'csv'
      ? csvInput(path, { delimiter, lastRowComplete })
      : jsonLinesInput(path, { lastRowComplete });
  return map ? mapFields(input, map) : input;
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
    isUnfinished && finishRow(unfinishedLine),
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
