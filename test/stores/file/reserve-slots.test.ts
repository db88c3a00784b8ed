import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RateState, reserveSlots } from '../../../src/stores/file/reserve-slots.ts';

const SECOND = 1_000_000;
const NOW = 1_800_000_000 * SECOND;

/** Reserves times for processes that need several, until each has all its times. @returns the times, and when each was reserved. */
function simulate(gap: number, wanted: readonly number[]) {
  let state: RateState | undefined;
  const reserved: { slot: number; at: number }[] = [];
  const processes = wanted.map((count) => ({ left: count, wakeAt: NOW }));
  for (;;) {
    const [next] = processes.filter(({ left }) => left > 0).sort((a, b) => a.wakeAt - b.wakeAt);
    if (!next) return reserved;
    const { slots, retryAt, ...rest } = reserveSlots(state, next.wakeAt, gap, next.left);
    state = rest.state;
    reserved.push(...slots.map((slot) => ({ slot, at: next.wakeAt })));
    next.left -= slots.length;
    if (next.left > 0) expect(retryAt).toBeGreaterThan(next.wakeAt);
    next.wakeAt = retryAt;
  }
}

describe('reserveSlots', () => {
  const gaps = fc.integer({ min: 1_000, max: 60 * SECOND });
  const processes = fc.array(fc.nat(30), { maxLength: 10 });

  it('spaces the requests of all processes by the gap, and leaves no time unused', () => {
    fc.assert(
      fc.property(gaps, processes, (gap, wanted) => {
        const slots = simulate(gap, wanted).map(({ slot }) => slot);
        expect(slots).toHaveLength(wanted.reduce((sum, count) => sum + count, 0));
        for (const [index, slot] of slots.entries()) expect(slot).toBe(NOW + index * gap);
      }),
    );
  });

  it('reserves times of the next two seconds only, so that a killed process delays the others no longer', () => {
    fc.assert(
      fc.property(gaps, processes, (gap, wanted) => {
        for (const { slot, at } of simulate(gap, wanted)) expect(slot - at).toBeLessThanOrEqual(2 * SECOND);
      }),
    );
  });

  it('begins now after a pause, without making up for unused times', () => {
    const stored = { next: NOW - 3600 * SECOND, gap: SECOND };
    expect(reserveSlots(stored, NOW, SECOND, 2).slots).toEqual([NOW, NOW + SECOND]);
  });

  it('never exceeds the highest of different rates', () => {
    const first = reserveSlots(undefined, NOW, SECOND, 1);
    const second = reserveSlots(first.state, NOW, 100_000, 1);
    expect(second.slots).toEqual([NOW + SECOND]);
    expect(reserveSlots(second.state, NOW, SECOND, 1).slots).toEqual([NOW + 1.1 * SECOND]);
  });

  it.each<[string, RateState]>([
    [
      'a time that no process can have stored, as after the clock was set back',
      { next: NOW + 3600 * SECOND, gap: SECOND },
    ],
    ['a gap of no rate', { next: NOW + SECOND, gap: 0 }],
    ['a gap that no timer can wait for', { next: NOW + SECOND, gap: Number.MAX_SAFE_INTEGER }],
  ])('ignores %s', (_, stored) => {
    expect(reserveSlots(stored, NOW, SECOND, 1).slots).toEqual([NOW]);
  });

  it('waits for the gap of a slow rate that another process has stored', () => {
    const stored = { next: NOW + 50 * SECOND, gap: 60 * SECOND };
    expect(reserveSlots(stored, NOW, SECOND, 1)).toMatchObject({ slots: [], retryAt: NOW + 49 * SECOND });
  });
});
