import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../core/index.ts';
import { sleep, throwIfAborted } from '../../core/internal.ts';

// Milliseconds between two attempts, which grow from MIN to MAX. Waiting processes receive a token after about MAX.
const MIN_PAUSE = 5;
const MAX_PAUSE = 20;
const GROWTH = 1.05;

/**
 * Repeats an attempt until it returns a value.
 *
 * @param attempt receives the milliseconds slept so far. They exclude the time in which this process was suspended or the machine slept,
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
    return await repeat(clock, signal, attempt, changes);
  } finally {
    changes?.close();
  }
}

async function repeat<T>(
  clock: Clock,
  signal: AbortSignal,
  attempt: (slept: number) => Promise<T | undefined>,
  changes: Changes | undefined,
): Promise<T> {
  let slept = 0;
  for (let pause = MIN_PAUSE; ; pause = Math.min(pause * GROWTH, MAX_PAUSE)) {
    throwIfAborted(signal);
    const found = await attempt(slept);
    if (found !== undefined) return found;
    // Spread the attempts of callers that began to wait at the same time.
    const delay = pause * (0.9 + 0.2 * Math.random());
    await (changes ? changes.within(clock, delay, signal) : sleep(clock, delay, signal));
    slept += delay;
  }
}

interface Changes {
  /** Resolves at the next change, immediately after a change since the last call, or after the delay. */
  within(clock: Clock, delay: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

function watchFor(directory: string): Changes {
  let endPause: (() => void) | undefined;
  let hasChanged = false;
  const watcher = tryToWatch(directory, () => {
    hasChanged = true;
    endPause?.();
  });
  return {
    async within(clock, delay, signal) {
      const ended = new AbortController();
      const end = () => ended.abort();
      signal.addEventListener('abort', end);
      endPause = end;
      if (hasChanged) end();
      await sleep(clock, delay, ended.signal).catch(() => {});
      signal.removeEventListener('abort', end);
      hasChanged = false;
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
