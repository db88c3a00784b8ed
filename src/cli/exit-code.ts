import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { ConfigurationError, isAuthRefreshError, isTokenError, TokenStoreError } from '../core/index.ts';
import { isError, isScopeRefusal } from '../core/internal.ts';
import { isDatabaseRefusal } from '../postgres/internal.ts';
import { Interruption } from './interrupt.ts';
import { isOutOfDescriptors } from './out-of-descriptors.ts';

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

// What a person must fix comes before what the same command can resume.
const WORST_FIRST: readonly ExitCode[] = [
  EXIT.SIGINT,
  EXIT.SIGTERM,
  EXIT.unexpected,
  EXIT.usage,
  EXIT.authentication,
  EXIT.forbidden,
  EXIT.permanent,
  EXIT.rateLimit,
  EXIT.partial,
  EXIT.warning,
];

/** Returns the worst of several exit codes. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.complete;
}

/** The meaning of each exit code, for `--help`. */
export const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  0: 'complete',
  1: 'unexpected error: a bug in this program',
  2: 'usage: fix the arguments, variables or files',
  3: 'authentication: the token endpoint or the API refuses the credentials',
  4: 'forbidden: the OAuth client lacks a permission or a scope',
  5: 'rate limit: the API throttles for longer than the command waits',
  6: 'incomplete: run the same command again to resume',
  7: 'permanent: the same command fails again; the last line says what helps',
  8: 'complete with warnings (--strict) or too few records (--min-records)',
  130: 'interrupted by Ctrl-C: run the same command to resume',
  143: 'interrupted by SIGTERM: run the same command to resume',
};

/** Returns the exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  // The limit can be raised, or other programs can close files.
  if (lacksDescriptors(error)) return EXIT.partial;
  if (error instanceof ConfigurationError) return EXIT.usage;
  if (error instanceof Interruption) return EXIT[error.signal];
  if (error instanceof BatchError) return ofBatchError(error);
  // The only callbacks of the command read the files of secrets.
  if (isTokenError(error) && error.code === 'ERR_CALLBACK') return EXIT.usage;
  if (isAuthRefreshError(error) && isTokenError(error.cause)) return exitCodeOf(error.cause);
  if (isAuthRefreshError(error) || isTokenError(error)) return ofTokenError(error.code);
  if (isAxiosError(error)) return ofRequest(error);
  return isFileError(error) ? ofFileError(error) : EXIT.unexpected;
}

function ofBatchError(error: BatchError): ExitCode {
  const { code, cause, resumable } = error;
  const otherwise = error.permanent ? EXIT.permanent : EXIT.partial;
  switch (code) {
    case 'ERR_INTERRUPTED':
      return cause instanceof Interruption ? EXIT[cause.signal] : EXIT.SIGINT;
    case 'ERR_REQUEST': {
      const exitCode = ofRequest(cause);
      return exitCode === EXIT.partial ? otherwise : exitCode;
    }
    case 'ERR_THROTTLED':
      return EXIT.rateLimit;
    // Without a cause, the output is not a file. A reader that closed the pipe may not close the next one.
    case 'ERR_OUTPUT':
      return cause === undefined ? EXIT.usage : ofFileError(cause);
    case 'ERR_INPUT':
      if (cause !== undefined) return ofFileError(cause);
      // The input is not a file, or a line must be fixed first.
      return resumable ? EXIT.permanent : EXIT.usage;
    // The same command would fail again: the user must decide what to do with the existing files.
    case 'ERR_OUTPUT_EXISTS':
    case 'ERR_OUTPUT_SHORT':
    case 'ERR_LOCKED':
    case 'ERR_CHECKPOINT_DAMAGED':
    case 'ERR_CHECKPOINT_MISMATCH':
    case 'ERR_INPUT_CHANGED':
      return EXIT.usage;
    case 'ERR_QUEUE':
      return isRedisRefusal(error) ? EXIT.authentication : otherwise;
    case 'ERR_DATABASE':
      return isDatabaseRefusal(error) ? EXIT.authentication : otherwise;
    case 'ERR_CALLBACK':
      // The rate of --share rejects if its file cannot be used.
      if (cause instanceof TokenStoreError) return EXIT.partial;
      return isFileError(cause) ? ofFileError(cause) : EXIT.unexpected;
    default:
      return otherwise;
  }
}

/** The fields of an axios error, or the fields that a worker stored. */
interface RequestFailure {
  code?: unknown;
  status?: number;
  /** Whether the API refused the scopes of the token. */
  scope?: unknown;
  response?: { status?: number; headers?: unknown };
}

/** @param cause the error, or the fields that a worker stored. */
function ofRequest(cause: unknown): ExitCode {
  if (isAuthRefreshError(cause) || isTokenError(cause)) return exitCodeOf(cause);
  const { code, response, scope, ...stored } = Object(cause) as RequestFailure;
  if (/^ERR_(TOKEN_|CALLBACK$)/.test(String(code))) return ofTokenError(String(code));
  const status = response?.status ?? stored.status;
  if (status === 401 && (scope === true || isScopeRefusal(response?.headers))) return EXIT.forbidden;
  return PERMANENT_CODES.includes(String(code)) ? EXIT.permanent : ofStatus(status);
}

// Requests that axios cannot send, or that lead to no response, whenever they are sent.
const PERMANENT_CODES = ['ERR_INVALID_URL', 'ERR_FR_TOO_MANY_REDIRECTS', 'ERR_FR_MAX_BODY_LENGTH_EXCEEDED'];

const WRONG_PATH = ['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

/** Returns whether an error comes from the file system. Workers store only the code of an error. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return isError(error) && 'syscall' in error;
}

/** Returns the exit code for a wrong path, or for a failure that can pass, such as a full disk. */
function ofFileError(error: unknown): ExitCode {
  return WRONG_PATH.includes((error as NodeJS.ErrnoException).code ?? '') ? EXIT.usage : EXIT.partial;
}

/** Returns whether too many files are open. Some errors have only the message of the error of a file or of a token request. */
export function lacksDescriptors(error: unknown): boolean {
  if (isOutOfDescriptors(error)) return true;
  const isDerived = error instanceof ConfigurationError || isTokenError(error);
  return isDerived && /\b(EMFILE|ENFILE)\b/.test(error.message);
}

/** Returns whether Redis refuses the credentials. */
export function isRedisRefusal(error: unknown): boolean {
  return (
    error instanceof BatchError &&
    error.code === 'ERR_QUEUE' &&
    /\b(WRONGPASS|NOAUTH|NOPERM)\b/.test(error.message)
  );
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

// Request Timeout, Conflict, Locked and Too Early: the same request can succeed later.
const PASSING = [408, 409, 423, 425];

function ofStatus(status: number | undefined): ExitCode {
  if (status === 401) return EXIT.authentication;
  if (status === 403) return EXIT.forbidden;
  if (status === 429) return EXIT.rateLimit;
  if (status === undefined || PASSING.includes(status)) return EXIT.partial;
  return status < 500 || status === 501 || status === 505 ? EXIT.permanent : EXIT.partial;
}
