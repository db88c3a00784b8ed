import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import { isError, messageOf, printable } from '../core/internal.ts';
import { FailedDays } from './days/failed-days.ts';
import { EXIT, type ExitCode, exitCodeOf, worstOf } from './exit-code.ts';
import type { RelativePeriod } from './flags/period-flags.ts';
import { hintFor } from './hint.ts';
import { Interruption } from './interrupt.ts';
import { memoryErrorOf } from './memory.ts';
import type { Failure } from './reporter/types.ts';

/** The run that failed. */
interface FailedRun {
  /** Such as `export pages`. @default '' */
  command?: string;
  /** The command that resumes the run; undefined if the run has no checkpoint. */
  resume?: string | undefined;
  /** Whether a queue keeps the flags of the run. */
  keepsFlags?: boolean;
  /** The dates of the run that have another meaning on another day, if any. */
  relative?: RelativePeriod | undefined;
  /** The date of the day that failed, if the run exports days. */
  day?: string | undefined;
}

// The same command would fail again.
const NOT_RESUMABLE: readonly ExitCode[] = [EXIT.usage, EXIT.permanent];

/** Describes the failure of a run. @param given what was thrown. */
export function failureOf(given: unknown, run: FailedRun = {}): Failure {
  if (given instanceof FailedDays) return failureOfDays(given, run);
  const { command = '', resume, keepsFlags, relative, day } = run;
  const thrown = memoryErrorOf(given) ?? given;
  const exitCode = exitCodeOf(thrown);
  const error = isAxiosError(thrown) ? toBatchError(thrown) : thrown;
  const isResumable = !NOT_RESUMABLE.includes(exitCode) && !(error instanceof BatchError && !error.resumable);
  return {
    message: describe(error, exitCode),
    code: (error as { code?: unknown } | undefined)?.code?.toString(),
    exitCode,
    hint: hintFor({ error, exitCode, command, canRestart: resume !== undefined, keepsFlags, relative, day }),
    resume: isResumable ? resume : undefined,
  };
}

/** Describes the failure of several days, each of which was reported. */
function failureOfDays({ message, days, failures: failed }: FailedDays, run: FailedRun): Failure {
  const failures = failed.map(({ date: day, error }) => failureOf(error, { ...run, day }));
  const exitCode = worstOf(failures.map((failure) => failure.exitCode));
  const [worst, ...others] = failures.filter((failure) => failure.exitCode === exitCode);
  const isShared = others.every(({ hint }) => hint === worst?.hint);
  return {
    message,
    code: worst?.code,
    exitCode,
    hint: isShared ? worst?.hint : 'each failed day has a hint of its own above',
    // The same command resumes the days for which that helps.
    resume: failures.find(({ resume }) => resume !== undefined)?.resume,
    days,
  };
}

function describe(error: unknown, exitCode: ExitCode): string {
  if (error instanceof Interruption || exitCode === EXIT.SIGINT || exitCode === EXIT.SIGTERM) {
    return 'interrupted';
  }
  if (exitCode !== EXIT.unexpected || !isError(error))
    return printable(messageOf(error).replace(/\s*\n\s*/g, ' '));
  // Each line of a stack on a line of its own.
  return (error.stack ?? error.message).split('\n').map(printable).join('\n');
}
