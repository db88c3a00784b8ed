import type { Clock } from '../../core/index.ts';
import { throwIfAborted } from '../../core/internal.ts';

// Milliseconds between two attempts, which grow from MIN_PAUSE.
const MIN_PAUSE = 5;
const GROWTH = 1.2;
const MAX_PAUSE = 20;

/** Calls a listener when the next attempt may succeed. @returns a function that removes the listener. */
export type Wake = (listener: () => void) => () => void;

/**
 * Repeats an attempt until it returns a value.
 *
 * @param attempt receives the milliseconds slept so far. They exclude the time in which this process was suspended or the machine slept,
 * because the process that holds the lock may have slept too.
 * @param signal ends the wait, which rejects with the reason of the signal.
 * @param wake starts the next attempt at once, so that the pauses can be longer.
 * @param maxPause the longest pause in milliseconds.
 */
export async function poll<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: (slept: number) => Promise<T | undefined>,
  wake?: Wake,
  maxPause = MAX_PAUSE,
): Promise<T> {
  let isWoken = false;
  let endPause = () => {};
  const onWake = () => {
    isWoken = true;
    endPause();
  };
  const removeListener = wake?.(onWake);
  signal.addEventListener('abort', onWake);
  try {
    let slept = 0;
    for (let pause = MIN_PAUSE; ; pause = Math.min(pause * GROWTH, maxPause)) {
      throwIfAborted(signal);
      // Before the attempt, because a change during the attempt may be too late for it.
      isWoken = false;
      const found = await attempt(slept);
      if (found !== undefined) return found;
      if (isWoken) continue;
      // Spread the attempts of callers that began to wait at the same time.
      const delay = pause * (0.9 + 0.2 * Math.random());
      await new Promise<void>((resolve) => {
        const timer = clock.setTimeout(resolve, delay);
        endPause = () => {
          clock.clearTimeout(timer);
          resolve();
        };
      });
      if (!isWoken) slept += delay;
    }
  } finally {
    removeListener?.();
    signal.removeEventListener('abort', onWake);
  }
}
