import type { Clock } from '../../core/index.ts';
import type { DirectoryChanges } from './watch-directory.ts';

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
  /** The changes of the directory, which include the release of the lock. */
  readonly changes?: DirectoryChanges | undefined;
}

/** The longest pause between two attempts if a release is reported, in milliseconds. The death of the holder is not reported. */
export const MAX_PAUSE_WITH_REPORTS = 60;

/** Acquires a lock of one kind among the processes of this machine. Each kind adds its own file extension to `path`. */
export type AcquireStoreLock = (path: string, options: AcquireOptions) => Promise<HeldLock>;
