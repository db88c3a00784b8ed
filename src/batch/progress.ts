/** How far an export or import is. */
export interface Progress {
  /** Records in the output, or settled at the API, those of earlier runs included. */
  readonly records: number;
  /** Pages read, or batches settled, those of earlier runs included. */
  readonly pages: number;
  /** How many records there will be, where that is known; it can be an estimate. */
  readonly total?: number | undefined;
  /** Records that came again and were left out. */
  readonly repeated: number;
  /** Requests of this run on the wire. */
  readonly requests: number;
  /** Requests of this run that were sent again after 408, 429, 5xx or a network error. */
  readonly retries: number;
  /** Requests of this run that were sent again after 401. */
  readonly replays: number;
  /** Token refreshes of this run; 0 where no `tokens` were given. */
  readonly refreshes: number;
  /** Milliseconds this run has taken. */
  readonly elapsed: number;
  /** Records a second in this run. */
  readonly recordsPerSecond: number;
  /** Milliseconds until the end, where the total is known. */
  readonly remaining?: number | undefined;
}

/** What progress is computed from. */
type Measured = Omit<Progress, 'recordsPerSecond' | 'remaining'> & { readonly recordsBefore: number };

/** Adds what follows from the rest. */
export function toProgress({ recordsBefore, ...measured }: Measured): Progress {
  const { records, total, elapsed } = measured;
  const recordsPerSecond = elapsed > 0 ? ((records - recordsBefore) * 1000) / elapsed : 0;
  const left = total === undefined ? undefined : Math.max(0, total - records);
  return {
    ...measured,
    recordsPerSecond,
    ...(left !== undefined && recordsPerSecond > 0 && { remaining: (left * 1000) / recordsPerSecond }),
  };
}
