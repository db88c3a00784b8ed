import type { Clock } from '../../core/index.ts';

/** A lock that this process holds. */
export interface HeldLock {
  /** Returns whether another process may hold the lock now. */
  isLost(): Promise<boolean>;
  /** Never rejects. A second call has no effect. */
  release(): Promise<void>;
}

interface AcquireOptions {
  /** The longest time to hold the lock, in milliseconds. */
  readonly duration: number;
  readonly clock: Clock;
  /** Ends the wait, which rejects with the reason of the signal. */
  readonly signal: AbortSignal;
}

/** Acquires a lock of one kind among the processes of this machine. Each kind adds its own file extension to `path`. */
export type AcquireStoreLock = (path: string, options: AcquireOptions) => Promise<HeldLock>;
