import { describe, expect, it } from 'vitest';
import { monotonicOf, systemClock, withDeadline } from '../../src/core/clock.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

const HOURS = 3_600_000;

describe('monotonicOf', () => {
  it('uses the monotonic time of a clock that has one', () => {
    const clock = { ...systemClock, now: () => Number.NaN, monotonic: () => 42 };
    expect(monotonicOf(clock)()).toBe(42);
  });

  it('sums the forward steps of a clock without monotonic time, and counts a step back as no time', () => {
    const clock = createShiftedClock();
    const now = monotonicOf(clock);
    const times = [1000, -2 * HOURS, 500, 0, 2 * HOURS].map((step) => {
      clock.shift(step);
      return now();
    });
    expect(times).toEqual([1000, 1000, 1500, 1500, 1500 + 2 * HOURS]);
  });
});

describe('withDeadline', () => {
  it.each([-2 * HOURS, 2 * HOURS])('ends work on time although the clock moves by %d ms', async (step) => {
    const clock = createShiftedClock();
    const began = performance.now();
    const work = withDeadline(
      clock,
      50,
      () => new Error('late'),
      () => new Promise(() => {}),
    );
    clock.shift(step);
    await expect(work).rejects.toThrow('late');
    expect(performance.now() - began).toBeGreaterThan(45);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
