import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import { messageOf } from '../core/internal.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { Interruption } from './interrupt.ts';
import type { Failure } from './reporter/types.ts';

const HINTS: Partial<Record<ExitCode, string>> = {
  [EXIT.authentication]: '`axios-oauth-refresh token` checks the credentials by themselves',
  [EXIT.forbidden]: 'assign the missing role or scope to the OAuth client; a new assignment may take minutes',
  [EXIT.rateLimit]: 'set a lower --rate, such as 100/min, or more --retries (with a queue: of the workers)',
};

/**
 * Makes the last word of a run that did not reach its end.
 *
 * @param resume the command that goes on; undefined where there is no checkpoint.
 */
export function failureOf(thrown: unknown, resume: string | undefined): Failure {
  const exitCode = exitCodeOf(thrown);
  const error = isAxiosError(thrown) ? toBatchError(thrown) : thrown;
  // With exit code 2 the same command would end likewise.
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
  if (exitCode !== EXIT.unexpected || !(error instanceof Error)) return oneLine(messageOf(error));
  return error.stack ?? error.message;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
