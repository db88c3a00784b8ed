import type { NumberedRecord } from './batches.ts';

/** The final outcome of a record. */
export interface Outcome {
  readonly record: NumberedRecord;
  readonly outcome: 'accepted' | 'rejected' | 'unresolved';
  readonly reason?: string | undefined;
  /** The HTTP status that the API gave for the record. */
  readonly status?: number | undefined;
  /** Whether an earlier import of the same list had the outcome, so that the record is in the files already. */
  readonly isEarlier?: true | undefined;
}
