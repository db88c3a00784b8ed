import { sleep } from '../../core/internal.ts';
import type { RunClock } from './run-clock.ts';

/** Delays all requests of a run after a throttle, not only the refused one. */
export interface RequestPause {
  wait(): Promise<void>;
  isActive(): boolean;
  /** Starts or prolongs the pause. @param delay in milliseconds. */
  extend(delay: number): void;
}

// In milliseconds. A longer wait must not block every other request.
const MAX_PAUSE = 3_600_000;

export function createPause({ clock, now, signal }: RunClock): RequestPause {
  let until = Number.NEGATIVE_INFINITY;
  return {
    async wait() {
      for (let left = until - now(); left > 0; left = until - now()) await sleep(clock, left, signal);
    },
    isActive: () => until > now(),
    extend(delay) {
      until = Math.max(until, now() + Math.min(delay, MAX_PAUSE));
    },
  };
}
