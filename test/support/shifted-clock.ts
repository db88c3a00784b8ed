import type { Clock } from '../../src/core/clock.ts';

/** Returns a clock with real timers and a time that changes only when a test shifts it. */
export function createShiftedClock(): Clock & { shift(milliseconds: number): void } {
  let time = Date.now();
  return {
    now: () => time,
    setTimeout,
    clearTimeout: (timer) => clearTimeout(timer as never),
    shift(milliseconds) {
      time += milliseconds;
    },
  };
}
