import { monotonicOf, type OptionTable, retryLoop } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { SourceContext } from './source.ts';

/** Options for polling a job. Durations are in milliseconds. */
export interface PollOptions {
  /** The wait after the first check. It doubles each time, and jitter shortens it by up to half. @default 1000 */
  pollDelay?: number | undefined;
  /** The maximum wait between two checks. @default 30_000 */
  maxPollDelay?: number | undefined;
  /** If the job takes longer, the run ends, and the next run continues to wait. @default 86_400_000, a day */
  maxWait?: number | undefined;
}

export const POLL_OPTIONS: OptionTable<PollOptions> = {
  pollDelay: 'number',
  maxPollDelay: 'number',
  maxWait: 'number',
};

/**
 * Calls `check` until it returns a value.
 *
 * @param what names the job in messages, such as `the details job 1234`.
 * @throws BatchError `ERR_JOB` after `maxWait`; the errors of `check`; the reason of the signal.
 */
export function poll<T>(
  context: SourceContext,
  { pollDelay = 1000, maxPollDelay = 30_000, maxWait = 86_400_000 }: PollOptions,
  what: string,
  check: () => Promise<T | undefined>,
): Promise<T> {
  const now = monotonicOf(context.clock);
  const end = now() + maxWait;
  return retryLoop(context, pollDelay, check, (delay) => {
    const left = end - now();
    if (left > 0) return Math.min(left, maxPollDelay, delay);
    throw new BatchError(
      `${what} is not ready after ${Math.round(maxWait / 1000)} seconds (maxWait). ` +
        'Run the same export again to continue to wait for it.',
      'ERR_JOB',
    );
  });
}
