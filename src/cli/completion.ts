import { EXIT, type ExitCode } from './exit-code.ts';
import type { ResultFlags } from './flags/export-flags.ts';
import type { Completion, Reporter } from './reporter/types.ts';
import { count, counted } from './reporter/words.ts';

/** The summary of an export in this process or on many hosts. */
interface ResultSummary {
  readonly records: number;
  readonly stated?: number | undefined;
  readonly missing?: number;
  readonly warnings?: readonly string[];
}

/** Returns the warnings of a complete export. @param more warnings that the summary does not have. */
export function findWarnings(
  { records, warnings = [] }: ResultSummary,
  { minRecords = 0 }: ResultFlags,
  more: readonly (string | undefined)[] = [],
): { warnings: string[]; isShort: boolean } {
  const isShort = records < minRecords;
  const short = `the export has ${counted(records, 'record')}, fewer than --min-records ${minRecords}`;
  const known = more.filter((warning) => warning !== undefined);
  return { warnings: [...warnings, ...known, ...(isShort ? [short] : [])], isShort };
}

/** Decides the exit code of a complete export. @param more warnings that the summary does not have. */
export function completionOf(
  summary: ResultSummary,
  flags: ResultFlags,
  message: string,
  more: readonly (string | undefined)[] = [],
): Completion {
  const { warnings, isShort } = findWarnings(summary, flags, more);
  return judge({ ...summary, warnings }, flags, message, isShort);
}

/** Decides the exit code of complete exports. @param isShort whether one has fewer records than `--min-records`. */
export function judge<Summary extends { warnings: readonly string[] }>(
  summary: Summary,
  { strict = false, minRecords = 0 }: ResultFlags,
  message: string,
  isShort: boolean,
): Completion {
  const { warnings } = summary;
  const exitCode: ExitCode = isShort || (strict && warnings.length > 0) ? EXIT.warning : EXIT.complete;
  const because = isShort
    ? `--min-records ${minRecords}`
    : `--strict and ${counted(warnings.length, 'warning')}`;
  return {
    message,
    summary,
    warnings,
    exitCode,
    hint: exitCode === EXIT.complete ? undefined : `exit code ${exitCode} because of ${because}`,
  };
}

/** Describes the records of an export, and where they are. Names the records that the API stated if some are missing. */
export function describeRecords({ records, stated, missing = 0 }: ResultSummary, where: string): string {
  if (stated === undefined || missing === 0) return `${counted(records, 'record')}${where}`;
  return `${count(records)} of ${counted(stated, 'stated record')}${where}, ${count(missing)} missing`;
}

/** Reports the warnings and the result of a complete run. @returns the exit code. */
export function reportCompletion(reporter: Reporter, completion: Completion): ExitCode {
  for (const warning of completion.warnings ?? []) reporter.warning(warning);
  reporter.completed(completion);
  return completion.exitCode;
}
