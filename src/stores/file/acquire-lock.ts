import { basename, dirname } from 'node:path';
import type { Clock, LockOptions, StoredToken } from '../../core/index.ts';
import { linkSignals, throwIfAborted } from '../../core/internal.ts';
import { storeError } from './error.ts';
import { poll } from './polling.ts';
import type { HeldLock } from './store-lock.ts';
import { type DirectoryChanges, watchDirectory } from './watch-directory.ts';

/** The result of waiting: the lock, or the value for which the caller stopped waiting. */
type LockOutcome<T> = { readonly held: HeldLock } | { readonly stoppedWith: T };

/** Milliseconds between two checks of the held lock. */
const CHECK_INTERVAL = 1_000;

/** The longest pause between two reads of the token if changes are reported, in milliseconds. */
const MAX_PAUSE_WITH_REPORTS = 500;

/**
 * Waits for a lock, or for a token that makes the lock unnecessary.
 *
 * @param closing aborts when the store is closed.
 * @param path the token file.
 * @param acquire starts to wait for the lock.
 * @param read reads the stored token.
 */
export async function acquireLock<T>(
  clock: Clock,
  { signal, stopWaitingWith }: Pick<LockOptions<T>, 'signal' | 'stopWaitingWith'>,
  closing: AbortSignal,
  path: string,
  acquire: (signal: AbortSignal, changes: DirectoryChanges) => Promise<HeldLock>,
  read: () => Promise<StoredToken | undefined>,
): Promise<LockOutcome<T>> {
  throwIfAborted(signal);
  const waiting = linkSignals(signal, closing);
  const changes = watchDirectory(dirname(path));
  const acquired = acquire(waiting.signal, changes);
  let isFirst = true;
  const readAgain = async () => {
    // Skip the first read: if the lock is free, its holder reads the token anyway.
    const stored = isFirst ? undefined : await read();
    isFirst = false;
    const stoppedWith = stored && stopWaitingWith(stored);
    return stoppedWith === undefined ? undefined : { stoppedWith };
  };
  const wake = changes.of(basename(path));
  const token = poll(clock, waiting.signal, readAgain, wake, wake && MAX_PAUSE_WITH_REPORTS);
  let outcome: LockOutcome<T> | undefined;
  try {
    outcome = await Promise.race([acquired.then((held) => ({ held })), token]);
    return outcome;
  } finally {
    changes.close();
    waiting.unlink();
    waiting.abort('the wait is over');
    token.catch(() => {});
    if (!outcome || !('held' in outcome)) {
      // Do not await the release, which would delay the caller.
      acquired.then(
        (held) => held.release(),
        () => {},
      );
    }
  }
}

/** Runs work while the lock is held. The signal for the work aborts when the lock is lost. */
export async function whileHeld<T>(
  clock: Clock,
  held: HeldLock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  let done = false;
  let timer: unknown;
  const check = async () => {
    // A lock file that cannot be inspected is not a lost lock.
    const isLost = await held.isLost().catch(() => false);
    if (isLost) lost.abort(storeError('the lock expired, and another process has acquired it'));
    else if (!done) scheduleCheck();
  };
  const scheduleCheck = () => {
    timer = clock.setTimeout(check, CHECK_INTERVAL);
    // Only the work itself may keep the process alive.
    (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
  };
  scheduleCheck();
  try {
    return await work(lost.signal);
  } finally {
    done = true;
    clock.clearTimeout(timer);
  }
}
