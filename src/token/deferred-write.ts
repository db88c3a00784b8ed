import type { Clock } from '../core/index.ts';
import { withDeadline } from '../core/internal.ts';

/** A token that could not be stored yet, and the attempts to store it later. */
export interface DeferredWrite {
  /** Resolves when other processes may continue: the token is stored, or `duration` has passed. */
  readonly settled: Promise<void>;
  /** Stores the token now, unless it is stored already. @throws what `write` throws. */
  now(): Promise<void>;
}

// Milliseconds between two attempts.
const FIRST_WAIT = 250;
const LONGEST_WAIT = 2_000;

/**
 * Keeps trying to store a token. Its refresh token has replaced the stored one, and a server revokes all tokens if another process uses the
 * stored one again.
 *
 * @param duration milliseconds for which the attempts keep the process alive and the lock held.
 * @param write rejects if it must be tried again.
 */
export function deferWrite(clock: Clock, duration: number, write: () => Promise<unknown>): DeferredWrite {
  let isWritten = false;
  let endPause = () => {};

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, milliseconds);
      (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
      endPause = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  async function now(): Promise<void> {
    if (isWritten) return;
    await write();
    isWritten = true;
    endPause();
  }

  async function persist(): Promise<void> {
    for (let wait = FIRST_WAIT; !isWritten; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      await pause(wait);
      // `write` reports its errors.
      await now().catch(() => {});
    }
  }

  return {
    settled: withDeadline(clock, duration, () => new Error('not written'), persist).catch(() => {}),
    now,
  };
}
