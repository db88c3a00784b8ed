import type { Clock } from '../../src/core/clock.ts';

/** Returns a clock that runs faster than the system clock. @param factor how much faster. */
export function createFastClock(factor: number): Clock {
  const start = Date.now();
  const monotonic = () => Math.floor(performance.now() * factor);
  const before = monotonic();
  return {
    now: () => start + monotonic() - before,
    monotonic,
    setTimeout: (callback, delay) => setTimeout(callback, delay / factor),
    clearTimeout: (timer) => clearTimeout(timer as never),
  };
}
