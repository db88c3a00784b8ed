import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, LockOptions, StoredToken } from '../../core/index.ts';
import { linkSignals } from '../../core/internal.ts';
import { storeError } from './error.ts';
import { poll } from './polling.ts';
import type { HeldLock } from './store-lock.ts';

/** The result of waiting: the lock, or the value for which the caller stopped waiting. */
type LockOutcome<T> = { readonly held: HeldLock } | { readonly left: T };

/** Milliseconds between two checks whether the lock is lost. */
const LOOK_AGAIN = 1_000;

/**
 * Waits for a lock, or for a token that makes the lock unnecessary.
 *
 * @param closing ends all waits.
 * @param path of the token file.
 * @param acquire begins to wait for the lock.
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
  signal.throwIfAborted();
  const waiting = linkSignals(signal, closing);
  const acquired = acquire(waiting.signal);
  const news = poll(clock, waiting.signal, whenChanged(path, read, stopWaitingWith), dirname(path));
  let outcome: LockOutcome<T> | undefined;
  try {
    outcome = await Promise.race([acquired.then((held) => ({ held })), news]);
    return outcome;
  } finally {
    waiting.unlink();
    waiting.abort('over');
    news.catch(() => {});
    if (!outcome || !('held' in outcome)) {
      await acquired.then(
        (held) => held.release(),
        () => {},
      );
    }
  }
}

/** Reads the token each time the file has changed, but not before the first attempt to acquire the lock has failed. */
function whenChanged<T>(
  path: string,
  read: () => Promise<StoredToken | undefined>,
  stopWaitingWith: LockOptions<T>['stopWaitingWith'],
): (slept: number) => Promise<{ left: T } | undefined> {
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
    const left = stored && stopWaitingWith(stored);
    return left === undefined ? undefined : { left };
  };
}

/** Works while a lock is held. The signal for the work aborts when the lock is lost. */
export async function whileHeld<T>(
  clock: Clock,
  held: HeldLock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  let done = false;
  let timer: unknown;
  const look = async () => {
    // A lock file that cannot be inspected is not a lost lock.
    const isLost = await held.isLost().catch(() => false);
    if (isLost)
      lost.abort(storeError('this process held the lock for too long, and another process has acquired it'));
    else if (!done) watch();
  };
  const watch = () => {
    timer = clock.setTimeout(look, LOOK_AGAIN);
    // Only the work itself may keep the process alive.
    (timer as Partial<NodeJS.Timeout> | undefined)?.unref?.();
  };
  watch();
  try {
    return await work(lost.signal);
  } finally {
    done = true;
    clock.clearTimeout(timer);
  }
}
