import { BatchError } from './errors.ts';

/** The error for a response that a source does not expect. After earlier records, the next response may be right again. */
export class UnexpectedAnswer extends BatchError {
  // Private, so that loggers and `toJSON` do not print the field.
  readonly #isForeign: boolean;

  /** @param isForeign whether the response may come from a proxy instead of the API. */
  constructor(message: string, isForeign: boolean) {
    super(message, 'ERR_UNEXPECTED_ANSWER');
    this.#isForeign = isForeign;
  }

  /** Returns the error for an export without records: the API never returned what the options describe, so the same export fails again. */
  beforeFirstRecord(): BatchError {
    return this.#isForeign ? this : new BatchError(this.message, this.code, { permanent: true });
  }
}
