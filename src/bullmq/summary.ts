import { BatchError, type BatchErrorCode } from '../batch/index.ts';
import { isWhole } from '../core/internal.ts';
import { olderWorker, readOutcome } from './outcome.ts';

/** Summary of a complete export on many hosts. */
export interface WholeSummary {
  readonly status: 'complete';
  readonly name: string;
  /** Whether the export was complete before it was submitted. */
  readonly alreadyComplete: boolean;
  /** Number of records in the output. Without a merge: in all parts, including records that several parts contain. */
  readonly records: number;
  /** Number of repeated records, which were omitted. */
  readonly repeated: number;
  /** Number of records that the API returned, but that are not part of the export: see `startedWithin`. They are not in the output. */
  readonly outside: number;
  /** Number of records that the API stated, summed over all parts; undefined if it stated none. Several parts can contain the same record. */
  readonly stated?: number | undefined;
  /** Number of stated records that did not arrive, summed over all parts. The tolerance of the source allows them. */
  readonly missing: number;
  /** What the export tolerated, in sentences without a full stop. A warning about a part begins with the part, such as `part 3: `. */
  readonly warnings: readonly string[];
  /** Number of parts. */
  readonly parts: number;
  /** Path of the output, below the workers' directory. */
  readonly output?: string | undefined;
  /** Path of the manifest, below the workers' directory, if the parts were not merged. */
  readonly manifest?: string | undefined;
}

/** Permanent failure of a part or of the merge. */
export interface Failure {
  /** Number of the part; undefined for the merge. */
  readonly part?: number | undefined;
  readonly code: BatchErrorCode;
  readonly message: string;
  readonly resumable: boolean;
  readonly permanent: boolean;
  /** Whether `cancelExport` ended the export. */
  readonly cancelled?: boolean | undefined;
  /** Only for `ERR_TOTAL_MISMATCH`. */
  readonly tolerance?: number | undefined;
  /**
   * Only for `ERR_REQUEST` and `ERR_OUTPUT`. Has the `code` of the worker's error and the `status` of the response, if any, and `scope` if
   * the API refused the scopes of the token.
   */
  readonly cause?: Error | undefined;
}

/** Parses the summary that a worker has noted. */
export function readSummary(name: string, alreadyComplete: boolean, text: string): WholeSummary {
  const summary = parse(text) as Partial<WholeSummary>;
  const { records, repeated, outside, parts, output, manifest } = summary;
  return {
    status: 'complete',
    name,
    alreadyComplete,
    records: Number(records),
    repeated: Number(repeated),
    // Workers of earlier versions note no number.
    outside: isWhole(outside) ? outside : 0,
    ...(readOutcome(summary) ?? { missing: 0, warnings: [olderWorker('merged', 'the parts')] }),
    parts: Number(parts),
    ...(typeof output === 'string' && { output }),
    ...(typeof manifest === 'string' && { manifest }),
  };
}

// Not ERR_QUEUE: with a cause, it means that Redis is unreachable, and the caller would wait for Redis.
const CAUSED_CODES: readonly unknown[] = ['ERR_REQUEST', 'ERR_OUTPUT'];

// A worker of an older version advises to start over if it finds a checkpoint of this version.
const OLDER_WORKER =
  'A worker of an older version of axios-oauth-refresh reported this failure: if newer workers run too, stop the older ones.';

/** Parses the failure that a worker has noted. */
export function readFailure(text: string): Failure {
  const { part, code, message, resumable, permanent, tolerance, cancelled, cause } = parse(
    text,
  ) as Partial<Failure>;
  return {
    ...(typeof part === 'number' && { part }),
    code: /^ERR_[A-Z_]+$/.test(String(code)) ? (code as BatchErrorCode) : 'ERR_QUEUE',
    message: permanent === undefined ? `${String(message)} ${OLDER_WORKER}` : String(message),
    resumable: resumable === true,
    // Workers of older versions note only whether the export is resumable.
    permanent: permanent ?? resumable !== true,
    ...(cancelled === true && { cancelled }),
    ...(typeof tolerance === 'number' && { tolerance }),
    ...(cause !== undefined && CAUSED_CODES.includes(code) && { cause: readCause(cause, String(message)) }),
  };
}

function readCause(noted: object, message: string): Error {
  const { code, status, scope } = Object(noted) as { code?: unknown; status?: unknown; scope?: unknown };
  return Object.assign(
    new Error(message),
    /^[A-Z][A-Z0-9_]*$/.test(String(code)) && { code: String(code) },
    Number.isInteger(status) && { status },
    scope === true && { scope },
  );
}

function parse(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new BatchError('the result of the export in Redis is damaged: it is not JSON.', 'ERR_QUEUE');
  }
}
