import { type CheckImportOptions, checkImport, type ImportCheck, type LineProblems } from '../batch/index.ts';
import { findArgumentSecrets } from './argument-secrets.ts';
import { reportCompletion } from './completion.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { failureOf } from './failure.ts';
import type { ImportFlags } from './flags/import-flags.ts';
import type { Io } from './io.ts';
import { openReporter } from './open-reporter.ts';
import { count, counted } from './reporter/words.ts';
import { watchRun } from './run-signal.ts';

/** An import that is only checked. */
interface DryRun {
  /** Such as `import genesys-contacts`. */
  name: string;
  args: readonly string[];
  flags: ImportFlags;
  file: string;
  /** Checks the flags. */
  prepare(): CheckImportOptions;
}

/** Checks the input of an import, and reports what the import would do. @returns the exit code. */
export async function runDryRun(io: Io, { name, args, flags, file, prepare }: DryRun): Promise<ExitCode> {
  const reporter = openReporter(io, flags, findArgumentSecrets(args));
  const { signal, release } = watchRun(io, reporter, 'stopping; interrupt again to stop immediately');
  try {
    const options = prepare();
    reporter.started(`${name} --dry-run`, file);
    const check = await checkImport({ ...options, signal });
    const warnings = warningsOf(check);
    const outcome = outcomeOf(check, flags);
    const summary = { ...check, warnings };
    return reportCompletion(reporter, { message: describe(check), summary, warnings, ...outcome });
  } catch (error) {
    const failure = failureOf(error, { command: name });
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.stop();
    release();
  }
}

/** Returns the exit code that the import would have, if the API accepts every record that is sent. */
function outcomeOf(check: ImportCheck, { strict }: ImportFlags): { exitCode: ExitCode; hint?: string } {
  const { unreadable, refused, unresolvedWithoutId, stopsAtLine, exceedsMaxRejects, unfinishedLine } = check;
  if (unresolvedWithoutId > 0) {
    const hint = 'remove the records that the API has stored, and add --send-again to send the others';
    return { exitCode: EXIT.usage, hint };
  }
  if (stopsAtLine !== undefined) {
    const hint = `the import would stop at line ${stopsAtLine}: fix the lines, or add --on-bad-record reject`;
    return { exitCode: EXIT.permanent, hint };
  }
  if (exceedsMaxRejects) {
    const hint = 'the import would stop because of --max-rejects: fix the records, or set a higher number';
    return { exitCode: EXIT.permanent, hint };
  }
  const hints = [
    unfinishedLine !== undefined && finishRow(unfinishedLine),
    unreadable.count + refused.count > 0 && 'fix the records, or import without --dry-run to reject them',
  ].filter(Boolean);
  if (hints.length > 0) return { exitCode: EXIT.partial, hint: hints.join('; ') };
  return { exitCode: strict && check.warnings.length > 0 ? EXIT.warning : EXIT.complete };
}

/** Returns what to do about a last row without a line end. */
export function finishRow(line: number): string {
  return `finish line ${line} and run the same command again, or add --last-row-complete to send the row as it is`;
}

function warningsOf(check: ImportCheck): string[] {
  const { unreadable, refused, repeatedIds, withoutId, unresolvedWithoutId } = check;
  const listed = ({ first, count: all }: LineProblems, what: string) => [
    ...first.map(({ line, reason }) => `line ${line} ${what}: ${reason}`),
    ...(all > first.length ? [`${counted(all - first.length, 'more record')} ${what}`] : []),
  ];
  return [
    ...listed(unreadable, 'cannot be read'),
    ...listed(refused, 'would be rejected'),
    ...listed(repeatedIds, 'repeats an id'),
    withoutId > 0 &&
      `${counted(withoutId, 'record')} without an id; the import does not repeat a request with such records if its response is lost`,
    unresolvedWithoutId > 0 &&
      `${counted(unresolvedWithoutId, 'unresolved record')} without an id; the API may already have stored them`,
    ...check.warnings,
  ].filter((warning) => warning !== false);
}

function describe({ records, sendable, requests, unreadable, refused, repeatedIds }: ImportCheck): string {
  const all =
    sendable === records ? counted(records, 'record') : `${count(sendable)} of ${count(records)} records`;
  return [
    `dry run: ${all} would be sent in ${counted(requests, 'request')}; nothing was sent`,
    unreadable.count > 0 && `${count(unreadable.count)} cannot be read`,
    refused.count > 0 && `${count(refused.count)} would be rejected`,
    repeatedIds.count > 0 && counted(repeatedIds.count, 'repeated id'),
  ]
    .filter(Boolean)
    .join('; ');
}
