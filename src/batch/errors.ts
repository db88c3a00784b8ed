/** The `code` of every {@link BatchError}. */
export type BatchErrorCode =
  /** The signal was aborted. */
  | 'ERR_INTERRUPTED'
  /** The API's answer is not what the source expects, such as HTML or an object without the list of records. */
  | 'ERR_UNEXPECTED_ANSWER'
  /** The API leads in a circle: a page names a next page that was read already. */
  | 'ERR_PAGE_LOOP'
  /** The API held fewer records than the total it states. */
  | 'ERR_TOTAL_MISMATCH'
  /** A request failed, after its retries; `cause` is the error of axios or of this plugin. */
  | 'ERR_REQUEST'
  /** A job at the API ended without a result. */
  | 'ERR_JOB'
  /** The output cannot be written: no such directory, read-only, disk full. */
  | 'ERR_OUTPUT'
  /** There is an output already, and no checkpoint that belongs to it. */
  | 'ERR_OUTPUT_EXISTS'
  /** The output is shorter than its checkpoint says. */
  | 'ERR_OUTPUT_SHORT'
  /** Another run is writing this output, or has taken this part over. */
  | 'ERR_LOCKED'
  /** The queue of an export on many hosts does not answer, or does not know the export. */
  | 'ERR_QUEUE'
  /** The checkpoint cannot be read: damaged, or of another version. */
  | 'ERR_CHECKPOINT_DAMAGED'
  /** The checkpoint belongs to another query, format or API. */
  | 'ERR_CHECKPOINT_MISMATCH'
  /** A record does not fit the output's format. */
  | 'ERR_RECORD'
  /** The input cannot be read: invalid UTF-8, a line that is too long or no JSON, a ragged CSV row. */
  | 'ERR_INPUT'
  /** The input is not the one that the checkpoint was made of. */
  | 'ERR_INPUT_CHANGED'
  /** A function of the caller's failed. */
  | 'ERR_CALLBACK';

/** Further fields of a {@link BatchError}. */
interface BatchErrorFields {
  cause?: unknown;
  /** @default true */
  resumable?: boolean;
}

/**
 * Why an export or an import ended before its end. The message says what to check.
 *
 * `resumable`: what was done so far is kept, and the same call goes on from there once the reason is gone.
 */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly code: BatchErrorCode;
  readonly resumable: boolean;

  constructor(message: string, code: BatchErrorCode, { cause, resumable = true }: BatchErrorFields = {}) {
    super(message);
    this.code = code;
    this.resumable = resumable;
    // Not enumerable: loggers that walk errors need not print a whole request.
    if (cause !== undefined) Object.defineProperty(this, 'cause', { value: cause, configurable: true });
  }
}
