import type { Clock } from '../../core/index.ts';
import { monotonicOf } from '../../core/internal.ts';

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
 * @param waited milliseconds since the lock was requested.
 * @param renew returns whether this process still holds the lock.
 */
export function startLockRenewal(
  clock: Clock,
  expiry: number,
  waited: number,
  renew: () => Promise<boolean>,
): LockRenewal {
  const now = monotonicOf(clock);
  const lost = new AbortController();
  let isOver = false;
  let renewed = now() - waited;
  let timer: unknown;

  function lose(why: string): void {
    if (!isOver) lost.abort(new Error(why));
    isOver = true;
  }

  async function renewOnce(): Promise<void> {
    const started = now();
    try {
      if (!(await renew())) return lose('the lock was lost: the lock expired or was deleted');
      renewed = started;
    } catch {
      if (now() - renewed >= expiry) return lose('the lock was lost: its renewal failed until it expired');
    }
    scheduleNext();
  }

  function scheduleNext(): void {
    if (isOver) return;
    // A failed renewal is retried, but does not move the expiry.
    const left = Math.max(renewed + expiry - now(), 0);
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
