import type { Clock } from '../../src/core/clock.ts';

/** The machine's timers, and a time that stands still until a test sets it on. */
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
