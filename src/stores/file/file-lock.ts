import type { Clock } from '../../core/index.ts';

/** A lock of one path, as long as it is held. */
export interface Held {
  /** Whether somebody else may hold it now. */
  isLost(): Promise<boolean>;
  /** Never rejects; does nothing the second time. */
  release(): Promise<void>;
}

/** How a lock is waited for. */
interface Taking {
  /** Milliseconds for which it is held at most. */
  readonly duration: number;
  readonly clock: Clock;
  /** Ends the wait; it rejects with its reason. */
  readonly signal: AbortSignal;
}

/** A kind of lock among the processes of this machine. Paths are given without the ending that tells the kind. */
export type TakeLock = (path: string, taking: Taking) => Promise<Held>;
