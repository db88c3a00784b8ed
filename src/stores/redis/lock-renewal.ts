import type { Clock } from '../../core/index.ts';

/** A lock that is held. */
export interface Held {
  /** Aborted when it is lost. */
  readonly signal: AbortSignal;
  /** Ends renewing it. */
  stop(): void;
}

/**
 * Renews a lock each third of its expiry. It is lost when it is another's, or nobody's, or when it could not be renewed
 * until it has expired.
 *
 * @param taken when it was asked for, in milliseconds since the epoch.
 * @param renew tells whether it is still held.
 */
export function holdLock(clock: Clock, expiry: number, taken: number, renew: () => Promise<boolean>): Held {
  const lost = new AbortController();
  let isOver = false;
  let renewed = taken;
  let timer: unknown;

  function lose(why: string): void {
    if (!isOver) lost.abort(new Error(why));
    isOver = true;
  }

  async function beat(): Promise<void> {
    const asked = clock.now();
    try {
      if (!(await renew())) return lose('the lock was lost: it had expired, or was deleted');
      renewed = asked;
    } catch {
      if (clock.now() - renewed >= expiry) return lose('the lock was lost: it could not be renewed');
    }
    plan();
  }

  function plan(): void {
    if (isOver) return;
    // What could not be renewed is tried again, and expires all the same.
    const left = Math.max(renewed + expiry - clock.now(), 0);
    timer = clock.setTimeout(beat, Math.min(expiry / 3, left));
  }

  plan();
  return {
    signal: lost.signal,
    stop() {
      isOver = true;
      clock.clearTimeout(timer);
    },
  };
}
