import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, LockOptions, StoredToken } from '../../core/index.ts';
import { linkSignals, throwIfAborted } from '../../core/internal.ts';
import { storeError } from './error.ts';
import { poll } from './polling.ts';
import type { HeldLock } from './store-lock.ts';

/** The result of waiting: the lock, or the value for which the caller stopped waiting. */
type LockOutcome<T> = { readonly held: HeldLock } | { readonly stoppedWith: T };

/** Milliseconds between two checks of the held lock. */
const CHECK_INTERVAL = 1_000;

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
  acquire: (signal: AbortSignal) => Promise<HeldLock>,
  read: () => Promise<StoredToken | undefined>,
): Promise<LockOutcome<T>> {
  throwIfAborted(signal);
  const waiting = linkSignals(signal, closing);
  const acquired = acquire(waiting.signal);
  const tokenPoll = poll(clock, waiting.signal, whenChanged(path, read, stopWaitingWith), dirname(path));
  let outcome: LockOutcome<T> | undefined;
  try {
    outcome = await Promise.race([acquired.then((held) => ({ held })), tokenPoll]);
    return outcome;
  } finally {
    waiting.unlink();
    waiting.abort('the wait is over');
    tokenPoll.catch(() => {});
    if (!outcome || !('held' in outcome)) {
      await acquired.then(
        (held) => held.release(),
        () => {},
      );
    }
  }
}

/** Returns an attempt for `poll` that reads the token after each change of the file. The lock has the first attempt. */
function whenChanged<T>(
  path: string,
  read: () => Promise<StoredToken | undefined>,
  stopWaitingWith: LockOptions<T>['stopWaitingWith'],
): (slept: number) => Promise<{ stoppedWith: T } | undefined> {
  let seen: string | undefined;
  return async (slept) => {
    if (slept === 0) return undefined;
    // If the file cannot be inspected, reading it reports the error.
    const now = await stat(path, { bigint: true }).then(
      ({ ino, mtimeNs }) => `${ino} ${mtimeNs}`,
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (now === seen || now === 'ENOENT') return undefined;
    seen = now;
    const stored = await read();
    const stoppedWith = stored && stopWaitingWith(stored);
    return stoppedWith === undefined ? undefined : { stoppedWith };
  };
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
