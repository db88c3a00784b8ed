import { sleep } from './clock.ts';
import type { GrantContext } from './grant.ts';
import { backoff } from './retry-after.ts';

type RetryContext = Pick<GrantContext, 'clock' | 'random' | 'signal'>;

/**
 * Repeats `attempt` until it returns a value other than undefined.
 *
 * @param waitFor returns the wait after an attempt, given its number from 0 and its exponential backoff; throws to give up.
 * @throws what `attempt` and `waitFor` throw; the signal's reason.
 */
export async function retryLoop<T>(
  { clock, random, signal }: RetryContext,
  baseDelay: number,
  attempt: () => Promise<T | undefined>,
  waitFor: (delay: number, count: number) => number,
): Promise<T> {
  for (let count = 0; ; count++) {
    const result = await attempt();
    if (result !== undefined) return result;
    await sleep(clock, waitFor(backoff(count, baseDelay, random), count), signal);
  }
}

/** Waits with exponential backoff, for loops that cannot use {@link retryLoop}. @param count 0 for the first wait. */
export function waitForRetry(
  { clock, random, signal }: RetryContext,
  baseDelay: number,
  count: number,
): Promise<void> {
  return sleep(clock, backoff(count, baseDelay, random), signal);
}
