import { BatchError, type BatchErrorCode } from '../batch/errors.ts';

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

/** Reads the failure that a worker has noted. */
export function readFailure(text: string): Failure {
  const { part, code, message, resumable } = parse(text) as Partial<Failure>;
  return {
    ...(typeof part === 'number' && { part }),
    code: /^ERR_[A-Z_]+$/.test(String(code)) ? (code as BatchErrorCode) : 'ERR_QUEUE',
    message: String(message),
    resumable: resumable === true,
  };
}

function parse(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new BatchError('what became of the export, as Redis says it, is no JSON', 'ERR_QUEUE');
  }
}
