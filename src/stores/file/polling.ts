import { type Clock, sleep } from '../../clock.ts';

// Milliseconds between two looks: at first, and at most. How long others wait for a token is about the latter.
const FIRST = 5;
const SLOWEST = 20;
const GROWTH = 1.05;

/**
 * Tries again and again, until something comes of it.
 *
 * @param attempt is told for how many milliseconds it was slept for so far. That is less than has passed when this
 * process was stopped or the machine asleep, as whoever is waited for may have been.
 * @param signal ends the wait, and rejects with its reason.
 */
export async function poll<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: (slept: number) => Promise<T | undefined>,
): Promise<T> {
  let slept = 0;
  for (let pause = FIRST; ; pause = Math.min(pause * GROWTH, SLOWEST)) {
    signal.throwIfAborted();
    const found = await attempt(slept);
    if (found !== undefined) return found;
    // Many who began to wait at once do not all look at once.
    const delay = pause * (0.9 + 0.2 * Math.random());
    await sleep(clock, delay, signal);
    slept += delay;
  }
}
