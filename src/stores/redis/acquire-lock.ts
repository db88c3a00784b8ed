import type { Clock, LockOptions } from '../../core/index.ts';
import { isRunning, type ProcessIdentity } from '../../core/node/index.ts';
import { storeError } from './explain.ts';
import type { Names } from './names.ts';
import { parseToken } from './value.ts';
import type { Listening, Wakeups } from './wakeups.ts';

/** A lock's holder, as the value of its key. */
export interface Owner extends ProcessIdentity {
  /** Of one lock: a process can wait for several. */
  readonly id: string;
}

/** How a wait for the lock ended. */
export type Turn<T> = { fence: number } | { left: T };

interface Waiting<T> {
  names: Names;
  owner: Owner;
  options: LockOptions<T>;
  clock: Clock;
  wakeups: Wakeups;
  /** Tries it once: what the script of the same name replies. */
  attempt(deadHolder: string, knownFence: string): Promise<unknown>;
}

// Milliseconds after which those who wait look by themselves, with messages and without.
const LOOK_AGAIN = 250;
const LOOK_AGAIN_UNHEARD = 50;

// How often a holder on this machine is looked at, in milliseconds: it costs no command.
const LOOK_AT_HOLDER = 50;

/** Waits until the lock is had, or until there is a token that makes it needless. */
export async function waitForTurn<T>({
  names,
  owner,
  options,
  clock,
  wakeups,
  attempt,
}: Waiting<T>): Promise<Turn<T>> {
  const { signal, stopWaitingWith } = options;
  const bell = createBell(clock, signal);
  let listening: Listening | undefined;
  let deadHolder = '';
  // Whoever waits has just looked at what is there: only what comes later keeps him from trying.
  let known = '';

  try {
    for (;;) {
      signal.throwIfAborted();
      bell.reset();
      const reply = (await attempt(deadHolder, known)) as unknown[];
      const [outcome, ...details] = reply.map(String);
      if (outcome === 'taken') return { fence: Number(details[0]) };

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

/** The holder, when it is a process of this machine that is dead; else ''. */
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

/** A lock of ours always expires; for this one one would wait for ever. */
function refuseForeign({ lock }: Names, remaining: number): void {
  if (remaining !== -1) return;
  throw storeError(
    `what is kept under ${lock} is none of this store. Choose another prefix, or delete the key`,
  );
}

/** Waits for a ring, which may have come before. */
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
    /** @param isEnough is asked now and then, and ends the wait too. */
    async wait(milliseconds: number, isEnough: () => boolean) {
      // Counted, and not by the time of day, which can be set back.
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
