import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import { isError, messageOf } from '../core/internal.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { Interruption } from './interrupt.ts';
import { memoryErrorOf } from './memory.ts';
import type { Failure } from './reporter/types.ts';

const HINTS: Partial<Record<ExitCode, string>> = {
  [EXIT.authentication]: 'run `axios-oauth-refresh token` to check the credentials',
  [EXIT.forbidden]: 'assign the missing role or scope to the OAuth client; a new assignment can take minutes',
  [EXIT.rateLimit]: 'set a lower --rate, such as 100/min, or more --retries (with --queue: on the workers)',
};

/**
 * Describes the failure of a run.
 *
 * @param given what was thrown.
 * @param resume the command that resumes the run; undefined if the run has no checkpoint.
 */
export function failureOf(given: unknown, resume: string | undefined): Failure {
  const thrown = memoryErrorOf(given) ?? given;
  const exitCode = exitCodeOf(thrown);
  const error = isAxiosError(thrown) ? toBatchError(thrown) : thrown;
  // With exit code 2, the same command would fail again.
  const resumable = exitCode !== EXIT.usage && !(error instanceof BatchError && !error.resumable);
  return {
    message: describe(error, exitCode),
    code: (error as { code?: unknown } | undefined)?.code?.toString(),
    exitCode,
    hint: HINTS[exitCode],
    resume: resumable ? resume : undefined,
  };
}

function describe(error: unknown, exitCode: ExitCode): string {
  if (error instanceof Interruption || exitCode === EXIT.SIGINT || exitCode === EXIT.SIGTERM) {
    return 'interrupted';
  }
  if (exitCode !== EXIT.unexpected || !isError(error)) return oneLine(messageOf(error));
  return error.stack ?? error.message;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
