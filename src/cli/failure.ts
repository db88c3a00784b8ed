import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import { isError, messageOf, printable } from '../core/internal.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
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
}

// The same command would fail again.
const NOT_RESUMABLE: readonly ExitCode[] = [EXIT.usage, EXIT.permanent];

/** Describes the failure of a run. @param given what was thrown. */
export function failureOf(given: unknown, { command = '', resume, keepsFlags }: FailedRun = {}): Failure {
  const thrown = memoryErrorOf(given) ?? given;
  const exitCode = exitCodeOf(thrown);
  const error = isAxiosError(thrown) ? toBatchError(thrown) : thrown;
  const isResumable = !NOT_RESUMABLE.includes(exitCode) && !(error instanceof BatchError && !error.resumable);
  return {
    message: describe(error, exitCode),
    code: (error as { code?: unknown } | undefined)?.code?.toString(),
    exitCode,
    hint: hintFor({ error, exitCode, command, canRestart: resume !== undefined, keepsFlags }),
    resume: isResumable ? resume : undefined,
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
