import { EXIT, type ExitCode } from './exit-code.ts';
import type { ResultFlags } from './flags/export-flags.ts';
import type { Completion } from './reporter/types.ts';
import { count, counted } from './reporter/words.ts';

/** The summary of an export in this process or on many hosts. */
interface ResultSummary {
  readonly records: number;
  readonly stated?: number | undefined;
  readonly missing?: number;
  readonly repeated: number;
  readonly warnings?: readonly string[];
}

/** Decides the exit code of a complete export. @param more warnings that the summary does not have. */
export function completionOf(
  summary: ResultSummary,
  { strict = false, minRecords = 0 }: ResultFlags,
  message: string,
  more: readonly (string | undefined)[] = [],
): Completion {
  const { records } = summary;
  const isShort = records < minRecords;
  const warnings = [
    ...(summary.warnings ?? []),
    ...more.filter((warning) => warning !== undefined),
    ...(isShort
      ? [`the export has ${counted(records, 'record')}, fewer than --min-records ${minRecords}`]
      : []),
  ];
  const isRefused = strict && warnings.length > 0;
  const exitCode: ExitCode = isShort || isRefused ? EXIT.warning : EXIT.complete;
  const because = isShort
    ? `--min-records ${minRecords}`
    : `--strict and ${counted(warnings.length, 'warning')}`;
  return {
    message,
    summary: { ...summary, warnings },
    warnings,
    exitCode,
    hint: exitCode === EXIT.complete ? undefined : `exit code ${exitCode} because of ${because}`,
  };
}

/** Returns how many records an export has, and how many the API stated if some are missing. */
export function recordsIn({ records, stated, missing = 0 }: ResultSummary): string {
  return stated !== undefined && missing > 0
    ? `${count(records)} of ${counted(stated, 'stated record')}`
    : counted(records, 'record');
}

/** Returns the missing and the repeated records of an export. */
export function differences({ missing = 0, repeated }: ResultSummary): (string | false)[] {
  return [
    missing > 0 && `${count(missing)} missing`,
    repeated > 0 && `${counted(repeated, 'duplicate')} dropped`,
  ];
}
