import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { ConfigurationError, isAuthRefreshError, isTokenError } from '../core/index.ts';
import { Interruption } from './interrupt.ts';

/** The exit codes of the program. */
export const EXIT = {
  complete: 0,
  unexpected: 1,
  usage: 2,
  authentication: 3,
  forbidden: 4,
  rateLimit: 5,
  partial: 6,
  permanent: 7,
  warning: 8,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The meaning of each exit code, for `--help`. */
export const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  0: 'complete',
  1: 'unexpected error: a bug in this program',
  2: 'usage: fix the arguments, variables or files',
  3: 'authentication: the token endpoint or the API refuses the credentials',
  4: 'forbidden: the OAuth client lacks a permission or a scope',
  5: 'rate limit: the API still throttles after all retries',
  6: 'incomplete: run the same command again to resume',
  7: 'incomplete, and the same command cannot succeed: the last line says what to change',
  8: 'complete, but with warnings (--strict) or with too few records (--min-records)',
  130: 'interrupted by Ctrl-C: run the same command to resume',
  143: 'interrupted by SIGTERM: run the same command to resume',
};

/** Returns the exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigurationError) return EXIT.usage;
  if (error instanceof Interruption) return EXIT[error.signal];
  if (error instanceof BatchError) return ofBatchError(error);
  // The only callbacks of the command read the files of secrets.
  if (isTokenError(error) && error.code === 'ERR_CALLBACK') return EXIT.usage;
  if (isAuthRefreshError(error) && isTokenError(error.cause)) return exitCodeOf(error.cause);
  if (isAuthRefreshError(error) || isTokenError(error)) return ofTokenError(error.code);
  if (isAxiosError(error)) return ofStatus(error.response?.status);
  return EXIT.unexpected;
}

function ofBatchError({ code, cause, resumable }: BatchError): ExitCode {
  switch (code) {
    case 'ERR_INTERRUPTED':
      return cause instanceof Interruption ? EXIT[cause.signal] : EXIT.SIGINT;
    case 'ERR_REQUEST':
      return ofRequest(cause);
    // Without a cause, the output is not a file.
    case 'ERR_OUTPUT':
      return cause === undefined || isWrongPath(cause) ? EXIT.usage : EXIT.partial;
    case 'ERR_INPUT':
      return !resumable || isWrongPath(cause) ? EXIT.usage : EXIT.partial;
    // The same command would fail again: the user must decide what to do with the existing files.
    case 'ERR_OUTPUT_EXISTS':
    case 'ERR_OUTPUT_SHORT':
    case 'ERR_LOCKED':
    case 'ERR_CHECKPOINT_DAMAGED':
    case 'ERR_CHECKPOINT_MISMATCH':
    case 'ERR_INPUT_CHANGED':
      return EXIT.usage;
    case 'ERR_CALLBACK':
      return EXIT.unexpected;
    default:
      return EXIT.partial;
  }
}

/** @param cause the error, or the code and status that a worker stored. */
function ofRequest(cause: unknown): ExitCode {
  if (isAxiosError(cause) || isTokenError(cause)) return exitCodeOf(cause);
  const { code, status } = Object(cause) as { code?: unknown; status?: number };
  return /^ERR_(TOKEN_|CALLBACK$)/.test(String(code)) ? ofTokenError(String(code)) : ofStatus(status);
}

const WRONG_PATH = ['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG'];

/** Returns whether a path is wrong, as opposed to a failure such as a full disk. */
function isWrongPath(cause: unknown): boolean {
  return WRONG_PATH.includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function ofTokenError(code: string): ExitCode {
  switch (code) {
    case 'ERR_TOKEN_ENDPOINT':
    case 'ERR_TOKEN_RESPONSE':
      return EXIT.authentication;
    case 'ERR_TOKEN_THROTTLED':
      return EXIT.rateLimit;
    case 'ERR_TOKEN_REQUEST':
    case 'ERR_TOKEN_TIMEOUT':
      return EXIT.partial;
    default:
      return EXIT.unexpected;
  }
}

function ofStatus(status: number | undefined): ExitCode {
  if (status === 401) return EXIT.authentication;
  if (status === 403) return EXIT.forbidden;
  return status === 429 ? EXIT.rateLimit : EXIT.partial;
}
