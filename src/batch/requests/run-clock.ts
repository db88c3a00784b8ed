import type { Clock } from '../../core/index.ts';

/** The time of a run, and the signal that ends its waits. */
export interface RunClock {
  readonly clock: Clock;
  /** The monotonic clock. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}
