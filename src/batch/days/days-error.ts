import { BatchError } from '../errors.ts';
import type { DayOutcome } from './outcome.ts';

/** The error of {@link exportDays} if a day failed. `cause` is the error of the first failed day. */
export class DaysError extends BatchError {
  override readonly name = 'DaysError';
  /** The outcome of each day, in order. */
  readonly outcomes: readonly DayOutcome[];

  constructor(outcomes: readonly DayOutcome[]) {
    const failed = outcomes.filter((outcome) => outcome.status === 'failed');
    const pending = outcomes.filter(({ status }) => status === 'not-started').length;
    const [first] = failed;
    super(
      `${failed.length} of ${outcomes.length} ${outcomes.length === 1 ? 'day' : 'days'} failed` +
        `${pending > 0 ? `, and ${pending} ${pending === 1 ? 'was' : 'were'} not started` : ''}. ` +
        `${failed.length > 1 ? 'The first failure is ' : ''}${first?.day.date}: ${first?.error.message}`,
      'ERR_DAYS',
      {
        cause: first?.error,
        resumable: pending > 0 || failed.some(({ error }) => error.resumable),
        permanent: failed.every(({ error }) => error.permanent),
      },
    );
    this.outcomes = outcomes;
  }
}
