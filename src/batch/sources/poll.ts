import { retryLoop } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { SourceContext } from './source.ts';

/** How a job is waited for. Durations are in milliseconds. */
export interface PollOptions {
  /** The wait after the first look; it doubles each time, and jitter takes up to half of it off. @default 1000 */
  pollDelay?: number | undefined;
  /** The longest wait between two looks. @default 30_000 */
  maxPollDelay?: number | undefined;
  /** A job that takes longer ends the run; the next one goes on waiting for it. @default 86_400_000, a day */
  maxWait?: number | undefined;
}

/**
 * Looks again and again until there is something.
 *
 * @param what is waited for, such as `the details job 1234`.
 * @throws BatchError `ERR_JOB` after `maxWait`; what `look` throws; the signal's reason.
 */
export function poll<T>(
  context: SourceContext,
  { pollDelay = 1000, maxPollDelay = 30_000, maxWait = 86_400_000 }: PollOptions,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const { clock } = context;
  const end = clock.now() + maxWait;
  return retryLoop(context, pollDelay, look, (delay) => {
    const left = end - clock.now();
    if (left > 0) return Math.min(left, maxPollDelay, delay);
    throw new BatchError(
      `${what} is not ready after ${Math.round(maxWait / 1000)} seconds (maxWait). ` +
        'Run the same again to go on waiting for it.',
      'ERR_JOB',
    );
  });
}
