import type { Clock } from '../../core/index.ts';

/** The renewal of a lock. */
export interface LockRenewal {
  /** Aborts when the lock is lost. */
  readonly signal: AbortSignal;
  stop(): void;
}

/**
 * Renews a lock every third of its expiry. The lock is lost when another process has acquired it, when its key is gone, or when no
 * renewal succeeds before it expires.
 *
 * @param requested when the lock was requested, in milliseconds since the epoch.
 * @param renew returns whether this process still holds the lock.
 */
export function startLockRenewal(
  clock: Clock,
  expiry: number,
  requested: number,
  renew: () => Promise<boolean>,
): LockRenewal {
  const lost = new AbortController();
  let isOver = false;
  let renewed = requested;
  let timer: unknown;

  function lose(why: string): void {
    if (!isOver) lost.abort(new Error(why));
    isOver = true;
  }

  async function renewOnce(): Promise<void> {
    const started = clock.now();
    try {
      if (!(await renew())) return lose('the lock was lost: the lock expired or was deleted');
      renewed = started;
    } catch {
      if (clock.now() - renewed >= expiry)
        return lose('the lock was lost: its renewal failed until it expired');
    }
    scheduleNext();
  }

  function scheduleNext(): void {
    if (isOver) return;
    // A failed renewal is retried, but does not move the expiry.
    const left = Math.max(renewed + expiry - clock.now(), 0);
    timer = clock.setTimeout(renewOnce, Math.min(expiry / 3, left));
  }

  scheduleNext();
  return {
    signal: lost.signal,
    stop() {
      isOver = true;
      clock.clearTimeout(timer);
    },
  };
}
