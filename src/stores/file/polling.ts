import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../core/index.ts';
import { sleep } from '../../core/internal.ts';

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
 * @param directory is watched, where the system can do that: it is tried at once when something in it has changed.
 */
export async function poll<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: (slept: number) => Promise<T | undefined>,
  directory?: string,
): Promise<T> {
  const changes = directory === undefined ? undefined : watchFor(directory);
  try {
    return await tryAgain(clock, signal, attempt, changes);
  } finally {
    changes?.close();
  }
}

async function tryAgain<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: (slept: number) => Promise<T | undefined>,
  changes: Changes | undefined,
): Promise<T> {
  let slept = 0;
  for (let pause = FIRST; ; pause = Math.min(pause * GROWTH, SLOWEST)) {
    signal.throwIfAborted();
    const found = await attempt(slept);
    if (found !== undefined) return found;
    // Many who began to wait at once do not all look at once.
    const delay = pause * (0.9 + 0.2 * Math.random());
    await (changes ? changes.within(clock, delay, signal) : sleep(clock, delay, signal));
    slept += delay;
  }
}

/** What happens in a directory. */
interface Changes {
  /** Settles at the next change, also one since the last call, or when the time is over. */
  within(clock: Clock, delay: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

function watchFor(directory: string): Changes {
  let wake: (() => void) | undefined;
  let isNew = false;
  const watcher = tryToWatch(directory, () => {
    isNew = true;
    wake?.();
  });
  return {
    async within(clock, delay, signal) {
      const woken = new AbortController();
      const onAbort = () => woken.abort();
      signal.addEventListener('abort', onAbort);
      wake = onAbort;
      if (isNew) onAbort();
      await sleep(clock, delay, woken.signal).catch(() => {});
      signal.removeEventListener('abort', onAbort);
      isNew = false;
    },
    close: () => watcher?.close(),
  };
}

function tryToWatch(directory: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, onChange);
    // As when the directory is removed: looking tells.
    return watcher.on('error', () => {});
  } catch {
    // The system has no more watches, or the file system none.
    return undefined;
  }
}
