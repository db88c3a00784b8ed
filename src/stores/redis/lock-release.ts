import type { Clock } from '../../core/index.ts';
import { monotonicOf } from '../../core/internal.ts';

// Milliseconds between two attempts, which grow from FIRST to LONGEST.
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;

/**
 * Releases a lock. If the first attempt fails, keeps trying in the background until the lock has expired, because other processes wait for
 * the lock that long.
 *
 * @returns a promise that resolves after the first attempt.
 */
export async function releaseUntilExpiry(
  clock: Clock,
  expiry: number,
  release: () => Promise<unknown>,
): Promise<void> {
  const now = monotonicOf(clock);
  const expires = now() + expiry;

  async function attempt(pause: number): Promise<void> {
    try {
      await release();
    } catch {
      if (now() + pause >= expires) return;
      const timer = clock.setTimeout(() => void attempt(Math.min(pause * 2, LONGEST_PAUSE)), pause);
      // A finished script must not wait for the lock of others.
      (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
    }
  }

  await attempt(FIRST_PAUSE);
}
