/** The list of a record: the rejects file or the unresolved file. */
export type ListName = 'rejected' | 'unresolved';

/** Where a record of a list comes from. It stays the same when the record is corrected, or moves to another list. */
export interface Origin {
  /** The id of the import that read the record first; undefined in a list that version 0.4 wrote. */
  readonly import?: string | undefined;
  /** The number of the record's first line in the input of that import. */
  readonly line: number;
}

/** What became of a record of a list when the list was imported. `withdrawn`: it was sent, and surely not executed. */
export type FedOutcome = 'sent' | 'withdrawn' | 'accepted' | 'rejected' | 'unresolved';

/** The identity of a record of a list. */
export interface FedRecord {
  /** The same for all lines with this record. */
  readonly key: string;
  /** Returns the lines for an outcome, each with the log to write it to. The outcome is known from then on. */
  toLines(outcome: FedOutcome): readonly (readonly [log: string, line: string])[];
}
