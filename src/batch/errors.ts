/** The `code` of every {@link BatchError}. */
export type BatchErrorCode =
  /** The signal was aborted. */
  | 'ERR_INTERRUPTED'
  /** The API returned a response that the source does not expect, such as HTML or an object without the list of records. */
  | 'ERR_UNEXPECTED_ANSWER'
  /** The pages of the API form a loop: a page names a next page that was already read. */
  | 'ERR_PAGE_LOOP'
  /** The API returned fewer different records than it stated. */
  | 'ERR_TOTAL_MISMATCH'
  /** A request failed, also after retries; `cause` is the error of axios or of this plugin. */
  | 'ERR_REQUEST'
  /** The API asks to wait for longer than `maxOutage`. */
  | 'ERR_THROTTLED'
  /** A job at the API ended without a result. */
  | 'ERR_JOB'
  /** The output cannot be written: the directory is missing or read-only, or the disk is full. */
  | 'ERR_OUTPUT'
  /** The output already exists, but has no checkpoint. */
  | 'ERR_OUTPUT_EXISTS'
  /** The output is shorter than its checkpoint says. */
  | 'ERR_OUTPUT_SHORT'
  /** Another run is writing this output, or has taken over this part. */
  | 'ERR_LOCKED'
  /** The queue of an export on many hosts does not answer, or does not know the export. */
  | 'ERR_QUEUE'
  /** The checkpoint is damaged or has another format version. */
  | 'ERR_CHECKPOINT_DAMAGED'
  /** The checkpoint belongs to another query, format or API. */
  | 'ERR_CHECKPOINT_MISMATCH'
  /** A record does not fit the output's format. */
  | 'ERR_RECORD'
  /** The input cannot be read: invalid UTF-8, a line that is too long or not JSON, a CSV row with a wrong number of fields. */
  | 'ERR_INPUT'
  /** The input has changed since the checkpoint was saved. */
  | 'ERR_INPUT_CHANGED'
  /** The API refuses every record, or more records than `maxRejects`. */
  | 'ERR_TOO_MANY_REJECTS'
  /** The memory is too small for the records. Only the command uses this code. */
  | 'ERR_MEMORY'
  /** A day of `exportDays` failed: see the `outcomes` of the DaysError. */
  | 'ERR_DAYS'
  /** A function that the caller passed in failed. */
  | 'ERR_CALLBACK';

/** Further fields of a {@link BatchError}. */
interface BatchErrorFields {
  cause?: unknown;
  /** @default true */
  resumable?: boolean;
  /** @default true for `ERR_PAGE_LOOP`, `ERR_RECORD`, `ERR_TOTAL_MISMATCH` and `ERR_TOO_MANY_REJECTS`, and if `resumable` is false */
  permanent?: boolean;
  tolerance?: number | undefined;
}

const PERMANENT: readonly BatchErrorCode[] = [
  'ERR_PAGE_LOOP',
  'ERR_RECORD',
  'ERR_TOTAL_MISMATCH',
  'ERR_TOO_MANY_REJECTS',
];

/**
 * The reason why an export or an import ended early. The message says what to check.
 *
 * If `resumable` is true, the work so far is saved, and the same call resumes once the cause is fixed.
 */
export class BatchError extends Error {
  override readonly name: 'BatchError' | 'DaysError' = 'BatchError';
  readonly code: BatchErrorCode;
  readonly resumable: boolean;
  /** Whether the same call fails again until something is changed: the options, the output or the API. */
  readonly permanent: boolean;
  /** Of `ERR_TOTAL_MISMATCH`: the `totalTolerance` that accepts the difference, if the source has this option. */
  readonly tolerance?: number;

  constructor(message: string, code: BatchErrorCode, fields: BatchErrorFields = {}) {
    super(message);
    const { cause, resumable = true, permanent = !resumable || PERMANENT.includes(code), tolerance } = fields;
    this.code = code;
    this.resumable = resumable;
    this.permanent = permanent;
    if (tolerance !== undefined) this.tolerance = tolerance;
    // Not enumerable, so that loggers that walk errors do not print the whole request.
    if (cause !== undefined) Object.defineProperty(this, 'cause', { value: cause, configurable: true });
  }

  toJSON(): object {
    return { ...this, message: this.message };
  }
}
