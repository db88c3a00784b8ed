import type { Clock } from '../core/index.ts';
import { withDeadline } from '../core/internal.ts';

/** A token that is good and could not be written, and the attempts to write it after all. */
export interface Unwritten {
  /** Settles when others may go on: it is written, or was not for the time a fetch may take. */
  readonly settled: Promise<void>;
  /** Writes it at once, unless it is written. @throws what `write` throws. */
  now(): Promise<void>;
}

// Milliseconds between two attempts: at first, and at most.
const FIRST = 250;
const SLOWEST = 2_000;

/**
 * Goes on trying to write a token whose refresh token has replaced the one in the store: that one was used, and whoever uses it again
 * has all revoked. Nobody else should fetch meanwhile, and a script does not end, for so long; after that it is tried without both.
 *
 * @param duration milliseconds.
 * @param write rejects when it is to be tried again.
 */
export function writeLater(clock: Clock, duration: number, write: () => Promise<unknown>): Unwritten {
  let isOver = false;
  let wake = () => {};

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, milliseconds);
      (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
      wake = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  async function now(): Promise<void> {
    if (isOver) return;
    await write();
    isOver = true;
    wake();
  }

  async function persist(): Promise<void> {
    for (let wait = FIRST; !isOver; wait = Math.min(wait * 2, SLOWEST)) {
      await pause(wait);
      // Reported by who writes.
      await now().catch(() => {});
    }
  }

  return {
    settled: withDeadline(clock, duration, () => new Error('not written'), persist).catch(() => {}),
    now,
  };
}
