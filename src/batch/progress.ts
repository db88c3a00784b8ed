/** The progress of an export or import. */
export interface Progress {
  /** Records in the output, or records that the API accepted or rejected; includes earlier runs. */
  readonly records: number;
  /** Pages read, or batches processed; includes earlier runs. */
  readonly pages: number;
  /** Total number of records, if known. It can be an estimate. */
  readonly total?: number | undefined;
  /** Repeated records, which were skipped. */
  readonly repeated: number;
  /** Requests that this run sent, including retries and replays. */
  readonly requests: number;
  /** Requests that this run retried after 408, 429, 5xx or a network error. */
  readonly retries: number;
  /** Requests that this run replayed after 401. */
  readonly replays: number;
  /** Token refreshes in this run; 0 without the option `tokens`. */
  readonly refreshes: number;
  /** Duration of this run so far, in milliseconds. */
  readonly elapsed: number;
  /** Records per second in this run. */
  readonly recordsPerSecond: number;
  /** Estimated milliseconds until the end, if the total is known. */
  readonly remaining?: number | undefined;
  /** Set while the run waits for the end of an outage or of a throttle. */
  readonly waiting?: Waiting | undefined;
}

/** What a run waits for. Times are milliseconds since the epoch. */
export interface Waiting {
  /** The last failure in words, such as `api.example.com returned 503`. */
  readonly reason: string;
  /** When the next request is sent. */
  readonly retryAt: number;
  /** When the run gives up. */
  readonly until: number;
}

/** The values that the progress is computed from. */
type Measured = Omit<Progress, 'recordsPerSecond' | 'remaining'> & { readonly recordsBefore: number };

/** Adds the records per second and the remaining time. */
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
