import { BatchError, type BatchErrorCode } from '../batch/index.ts';

/** What an export on many hosts did. */
export interface WholeSummary {
  readonly status: 'complete';
  readonly name: string;
  /** It was complete before it was submitted. */
  readonly alreadyComplete: boolean;
  /** In the output; where there is none, in all parts, with what adjacent ones have in common. */
  readonly records: number;
  /** Records that came again and were left out. */
  readonly repeated: number;
  /** How many there were. */
  readonly parts: number;
  /** The file, below the workers' directory. */
  readonly output?: string | undefined;
  /** The manifest of the parts, below the workers' directory, where they were not merged. */
  readonly manifest?: string | undefined;
}

/** Why a part, or the merge, failed for good. */
export interface Failure {
  /** Its number; undefined for the merge. */
  readonly part?: number | undefined;
  readonly code: BatchErrorCode;
  readonly message: string;
  readonly resumable: boolean;
  /** Of `ERR_REQUEST` and `ERR_OUTPUT`: has the `code` of what the worker met, and the `status` of an answer, where there were any. */
  readonly cause?: Error | undefined;
}

/** Reads the summary that a worker has noted. */
export function readSummary(name: string, alreadyComplete: boolean, text: string): WholeSummary {
  const { records, repeated, parts, output, manifest } = parse(text) as Partial<WholeSummary>;
  return {
    status: 'complete',
    name,
    alreadyComplete,
    records: Number(records),
    repeated: Number(repeated),
    parts: Number(parts),
    ...(typeof output === 'string' && { output }),
    ...(typeof manifest === 'string' && { manifest }),
  };
}

// Of no other: an `ERR_QUEUE` with a cause is a Redis that is away, which is waited for.
const CAUSED: readonly unknown[] = ['ERR_REQUEST', 'ERR_OUTPUT'];

/** Reads the failure that a worker has noted. */
export function readFailure(text: string): Failure {
  const { part, code, message, resumable, cause } = parse(text) as Partial<Failure>;
  return {
    ...(typeof part === 'number' && { part }),
    code: /^ERR_[A-Z_]+$/.test(String(code)) ? (code as BatchErrorCode) : 'ERR_QUEUE',
    message: String(message),
    resumable: resumable === true,
    ...(cause !== undefined && CAUSED.includes(code) && { cause: readCause(cause, String(message)) }),
  };
}

function readCause(noted: object, message: string): Error {
  const { code, status } = Object(noted) as { code?: unknown; status?: unknown };
  return Object.assign(
    new Error(message),
    /^[A-Z][A-Z0-9_]*$/.test(String(code)) && { code: String(code) },
    Number.isInteger(status) && { status },
  );
}

function parse(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new BatchError('what became of the export, as Redis says it, is no JSON', 'ERR_QUEUE');
  }
}
