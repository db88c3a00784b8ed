import type { Clock, LockOptions } from '../../core/index.ts';
import { isRunning, type ProcessIdentity } from '../../core/node/index.ts';
import { storeError } from './explain.ts';
import type { Names } from './names.ts';
import { parseToken } from './value.ts';
import type { Listening, Wakeups } from './wakeups.ts';

/** The holder of a lock, as stored in the key of the lock. */
export interface Owner extends ProcessIdentity {
  /** Unique to one attempt, because a process can wait for several locks. */
  readonly id: string;
}

/** The result of waiting: the lock, or the value for which the caller stopped waiting. */
export type LockOutcome<T> = { fence: number } | { left: T };

interface Waiting<T> {
  names: Names;
  owner: Owner;
  options: LockOptions<T>;
  clock: Clock;
  wakeups: Wakeups;
  /** Runs the script once and returns its reply. */
  attempt(deadHolder: string, knownFence: string): Promise<unknown>;
}

// Milliseconds between two attempts without a message: while messages arrive, and while they do not.
const LOOK_AGAIN = 250;
const LOOK_AGAIN_UNHEARD = 50;

// Milliseconds between two checks whether a holder on this machine is alive. A check costs no command.
const LOOK_AT_HOLDER = 50;

/** Waits for the lock, or for a newer token that makes the lock unnecessary. */
export async function acquireLock<T>({
  names,
  owner,
  options,
  clock,
  wakeups,
  attempt,
}: Waiting<T>): Promise<LockOutcome<T>> {
  const { signal, stopWaitingWith } = options;
  const bell = createBell(clock, signal);
  let listening: Listening | undefined;
  let deadHolder = '';
  // The caller has just read the stored token, so only a later token ends the wait.
  let known = '';

  try {
    for (;;) {
      signal.throwIfAborted();
      bell.reset();
      const reply = (await attempt(deadHolder, known)) as unknown[];
      const [outcome, ...details] = reply.map(String);
      if (outcome === 'acquired') return { fence: Number(details[0]) };

      const [holder = '', remaining] = outcome === 'held' ? details.splice(0, 2) : [];
      const stored = parseToken(names, details[0], details[1]);
      const isNews = stored && !(stored.fence <= Number(known || 0));
      known = `${stored?.fence ?? (known || 0)}`;
      const left = isNews ? stopWaitingWith(stored) : undefined;
      if (left !== undefined) return { left };
      if (outcome === 'stored') continue;

      refuseForeign(names, Number(remaining));
      deadHolder = deadOf(holder, owner);
      if (deadHolder) continue;
      listening ??= wakeups.listen(names.channel, bell.ring);
      const pause = Math.min(listening.isOn() ? LOOK_AGAIN : LOOK_AGAIN_UNHEARD, Number(remaining) + 1);
      await bell.wait(pause, () => deadOf(holder, owner) !== '');
    }
  } finally {
    listening?.stop();
    bell.stop();
  }
}

/** Returns the holder if it is a dead process of this machine; otherwise ''. */
function deadOf(holder: string, me: Owner): string {
  const it = parseOwner(holder);
  return it && isRunning(it, me) === false ? holder : '';
}

function parseOwner(text: string): Owner | undefined {
  try {
    const it = JSON.parse(text);
    return typeof it?.pid === 'number' && typeof it.space === 'string' ? it : undefined;
  } catch {
    return undefined;
  }
}

/** Every lock of this store expires. The wait for a key without an expiry would never end. */
function refuseForeign({ lock }: Names, remaining: number): void {
  if (remaining !== -1) return;
  throw storeError(
    `what is kept under ${lock} is none of this store. Choose another prefix, or delete the key`,
  );
}

/** Creates a bell whose `wait` ends when it rings, or has rung since `reset`. */
function createBell(clock: Clock, signal: AbortSignal) {
  let rung = false;
  let wake = () => {};
  const ring = () => {
    rung = true;
    wake();
  };
  signal.addEventListener('abort', ring);
  return {
    ring,
    reset() {
      rung = false;
    },
    /** @param isEnough ends the wait when it returns true. */
    async wait(milliseconds: number, isEnough: () => boolean) {
      // Count the slices, because the time of day can be set back.
      for (let left = milliseconds; left > 0 && !rung && !signal.aborted; left -= LOOK_AT_HOLDER) {
        const slice = Math.min(left, LOOK_AT_HOLDER);
        await new Promise<void>((resolve) => {
          const timer = clock.setTimeout(resolve, slice);
          wake = () => {
            clock.clearTimeout(timer);
            resolve();
          };
        });
        if (isEnough()) return;
      }
    },
    stop() {
      signal.removeEventListener('abort', ring);
    },
  };
}
