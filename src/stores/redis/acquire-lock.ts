import type { Clock, LockOptions, StoredToken } from '../../core/index.ts';
import { throwIfAborted } from '../../core/internal.ts';
import { isRunning, type ProcessIdentity } from '../../core/node/index.ts';
import { storeError } from './explain.ts';
import type { Names } from './names.ts';
import type { Notifications, Subscription } from './notifications.ts';

/** The holder of a lock, as stored in the key of the lock. */
export interface Owner extends ProcessIdentity {
  /** Unique to one attempt, because a process can wait for several locks. */
  readonly id: string;
}

/** The result of waiting: the lock, or the value for which the caller stopped waiting. */
export type LockOutcome<T> = { fence: number } | { stoppedWith: T };

interface Waiting<T> {
  names: Names;
  owner: Owner;
  options: LockOptions<T>;
  clock: Clock;
  notifications: Notifications;
  /** Runs the script once and returns its reply. */
  attempt(deadHolder: string, knownFence: string): Promise<unknown[]>;
  /** Parses a stored token. */
  parse(fence: unknown, text: unknown): Promise<StoredToken | undefined>;
}

// Milliseconds between two attempts without a notification: with a subscription, and without one.
const POLL_INTERVAL_SUBSCRIBED = 250;
const POLL_INTERVAL = 50;

// Milliseconds between two checks whether a holder on this machine is alive. A check sends no command.
const HOLDER_CHECK_INTERVAL = 50;

/** Waits for the lock, or for a newer token that makes the lock unnecessary. */
export async function acquireLock<T>({
  names,
  owner,
  options,
  clock,
  notifications,
  attempt,
  parse,
}: Waiting<T>): Promise<LockOutcome<T>> {
  const { signal, stopWaitingWith } = options;
  const pause = createPause(clock, signal);
  let subscription: Subscription | undefined;
  let deadHolder = '';
  // The fence of the last token passed to `stopWaitingWith`. The first attempt tries the lock even if a token is stored.
  let known = '';

  try {
    for (;;) {
      throwIfAborted(signal);
      pause.reset();
      const [outcome, ...details] = (await attempt(deadHolder, known)).map(String);
      if (outcome === 'acquired') {
        // A token that this store must not use must not be overwritten either.
        await parse(details[1], details[2]);
        return { fence: Number(details[0]) };
      }

      const [holder = '', remaining] = outcome === 'held' ? details.splice(0, 2) : [];
      const stored = await parse(details[0], details[1]);
      const isNewer = stored && !(stored.fence <= Number(known || 0));
      known = `${stored?.fence ?? (known || 0)}`;
      const stoppedWith = isNewer ? stopWaitingWith(stored) : undefined;
      if (stoppedWith !== undefined) return { stoppedWith };
      if (outcome === 'stored') continue;

      refuseForeign(names, Number(remaining));
      deadHolder = deadHolderOf(holder, owner);
      if (deadHolder) continue;
      subscription ??= notifications.subscribe(names.channel, pause.end);
      const interval = subscription.isActive() ? POLL_INTERVAL_SUBSCRIBED : POLL_INTERVAL;
      await pause.wait(Math.min(interval, Number(remaining) + 1), () => deadHolderOf(holder, owner) !== '');
    }
  } finally {
    subscription?.stop();
    pause.stop();
  }
}

/** Returns the holder if it is a dead process of this machine; otherwise ''. */
function deadHolderOf(holder: string, me: Owner): string {
  const owner = parseOwner(holder);
  return owner && isRunning(owner, me) === false ? holder : '';
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text);
    return typeof owner?.pid === 'number' && typeof owner.space === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** @throws TokenStoreError for a key without an expiry: every lock of this store expires, so the wait would never end. */
function refuseForeign({ lock }: Names, remaining: number): void {
  if (remaining !== -1) return;
  throw storeError(
    `the value of the key ${lock} is not a lock of this store. Choose another prefix, or delete the key`,
  );
}

/** Creates a pause whose `wait` resolves at once if `end` was called since `reset`. */
function createPause(clock: Clock, signal: AbortSignal) {
  let isOver = false;
  let endSlice = () => {};
  const end = () => {
    isOver = true;
    endSlice();
  };
  signal.addEventListener('abort', end);
  return {
    end,
    reset() {
      isOver = false;
    },
    /** @param isEnough ends the wait when it returns true. */
    async wait(milliseconds: number, isEnough: () => boolean) {
      // Count the slices, because the clock can be set back.
      for (let left = milliseconds; left > 0 && !isOver && !signal.aborted; left -= HOLDER_CHECK_INTERVAL) {
        const slice = Math.min(left, HOLDER_CHECK_INTERVAL);
        await new Promise<void>((resolve) => {
          const timer = clock.setTimeout(resolve, slice);
          endSlice = () => {
            clock.clearTimeout(timer);
            resolve();
          };
        });
        if (isEnough()) return;
      }
    },
    stop() {
      signal.removeEventListener('abort', end);
    },
  };
}
