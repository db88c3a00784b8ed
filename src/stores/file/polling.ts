import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../core/index.ts';
import { sleep } from '../../core/internal.ts';

// Milliseconds between two attempts, at first and at most. Other processes wait for a token for about the latter.
const FIRST = 5;
const SLOWEST = 20;
const GROWTH = 1.05;

/**
 * Repeats an attempt until it returns a value.
 *
 * @param attempt gets the milliseconds slept so far. They exclude the time in which this process was suspended or the machine slept,
 * because the process that holds the lock may have slept too.
 * @param signal ends the wait, which rejects with the reason of the signal.
 * @param directory is watched if the system supports it; a change starts the next attempt at once.
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
    // Spread the attempts of callers that began to wait at the same time.
    const delay = pause * (0.9 + 0.2 * Math.random());
    await (changes ? changes.within(clock, delay, signal) : sleep(clock, delay, signal));
    slept += delay;
  }
}

/** The changes in a directory. */
interface Changes {
  /** Resolves at the next change, at once for a change since the last call, or when the time is over. */
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
    // For example, the directory was removed; the next attempt reports it.
    return watcher.on('error', () => {});
  } catch {
    // The system has run out of watches, or the file system does not support them.
    return undefined;
  }
}
