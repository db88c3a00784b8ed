import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, LockOptions, StoredToken } from '../../core/index.ts';
import { linkSignals } from '../../core/internal.ts';
import { storeError } from './error.ts';
import type { Held } from './file-lock.ts';
import { poll } from './polling.ts';

/** What a wait led to: the lock, or what made it needless. */
type Outcome<T> = { readonly held: Held } | { readonly left: T };

/** How often a holder looks whether it still is one, in milliseconds. */
const LOOK_AGAIN = 1_000;

/**
 * Waits for a lock, or for a token with which it is not needed any more.
 *
 * @param closing ends all waits.
 * @param path of the file that changes with the token.
 * @param take begins to wait for the lock.
 * @param read reads what is kept.
 */
export async function waitForTurn<T>(
  clock: Clock,
  { signal, stopWaitingWith }: Pick<LockOptions<T>, 'signal' | 'stopWaitingWith'>,
  closing: AbortSignal,
  path: string,
  take: (signal: AbortSignal) => Promise<Held>,
  read: () => Promise<StoredToken | undefined>,
): Promise<Outcome<T>> {
  signal.throwIfAborted();
  const waiting = linkSignals(signal, closing);
  const taken = take(waiting.signal);
  const news = poll(clock, waiting.signal, whenChanged(path, read, stopWaitingWith), dirname(path));
  let outcome: Outcome<T> | undefined;
  try {
    outcome = await Promise.race([taken.then((held) => ({ held })), news]);
    return outcome;
  } finally {
    waiting.unlink();
    waiting.abort('over');
    news.catch(() => {});
    if (!outcome || !('held' in outcome)) {
      await taken.then(
        (held) => held.release(),
        () => {},
      );
    }
  }
}

/** Looks at what is kept each time the file has changed, once it is clear that the lock is not free at once. */
function whenChanged<T>(
  path: string,
  read: () => Promise<StoredToken | undefined>,
  stopWaitingWith: LockOptions<T>['stopWaitingWith'],
): (slept: number) => Promise<{ left: T } | undefined> {
  let seen: string | undefined;
  return async (slept) => {
    if (slept === 0) return undefined;
    // What cannot be looked at is told by reading it.
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

/** Works with a lock, and is told by a signal when it is lost meanwhile. */
export async function whileHeld<T>(
  clock: Clock,
  held: Held,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  let done = false;
  let timer: unknown;
  const look = async () => {
    // One that cannot be looked at is not lost for that.
    const isLost = await held.isLost().catch(() => false);
    if (isLost)
      lost.abort(storeError('the lock was held for longer than it may be, and another process has it'));
    else if (!done) watch();
  };
  const watch = () => {
    timer = clock.setTimeout(look, LOOK_AGAIN);
    // Whoever works keeps the process alive, or nobody.
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
