/** The result of a day, for JSON logs. */
export interface DayResult {
  readonly date: string;
  readonly status: 'complete' | 'failed';
  /** Whether an earlier run has completed the day. */
  readonly alreadyComplete?: boolean;
  readonly records?: number;
  /** Records that the API returned for the day, and that began on another day. */
  readonly outside?: number;
  readonly stated?: number | undefined;
  readonly missing?: number;
  readonly output?: string | undefined;
  /** Why the day failed. */
  readonly message?: string;
}

/** Why a day failed. */
export interface DayFailure {
  readonly date: string;
  readonly error: unknown;
}

/** Thrown if days of an export failed. Each day has been reported. */
export class FailedDays extends Error {
  override readonly name = 'FailedDays';
  readonly days: readonly DayResult[];
  readonly failures: readonly DayFailure[];

  constructor(days: readonly DayResult[], failures: readonly DayFailure[]) {
    const failed = failures.map(({ date }) => date);
    const shown = failed.length > 10 ? [...failed.slice(0, 9), `${failed.length - 9} more`] : failed;
    super(`${failed.length} of ${days.length} days failed: ${shown.join(', ')}`);
    this.days = days;
    this.failures = failures;
  }
}
