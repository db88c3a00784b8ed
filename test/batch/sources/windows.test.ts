import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, firstHalf, firstWindow, toText } from '../../../src/batch/sources/windows.ts';

const at = (text: string) => Date.parse(text);
const interval = (text: string) => {
  const [start = '', end = ''] = text.split('/');
  return { start: at(start), end: at(end) };
};

describe('firstWindow', () => {
  it.each([
    ['2026-01-01T15:00Z/2026-02-01T00:00Z', 7 * DAY, '2026-01-08T00:00Z'],
    ['2026-01-01T00:00Z/2026-02-01T00:00Z', 7 * DAY, '2026-01-08T00:00Z'],
    ['2026-01-01T15:00Z/2026-01-03T06:00Z', 7 * DAY, '2026-01-03T06:00Z'],
    ['2026-01-01T15:00Z/2026-02-01T00:00Z', DAY, '2026-01-02T00:00Z'],
    ['2026-01-01T15:00Z/2026-02-01T00:00Z', DAY / 4, '2026-01-01T21:00Z'],
    ['2026-01-01T21:00Z/2026-02-01T00:00Z', DAY / 4, '2026-01-02T00:00Z'],
  ])('of %s with width %i ends at %s', (whole, width, end) => {
    expect(firstWindow(interval(whole), width)).toEqual({ start: interval(whole).start, end: at(end) });
  });

  it('is never longer than width, and successive windows cover the interval without gaps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 * DAY }),
        fc.integer({ min: 1, max: 40 * DAY }),
        fc.integer({ min: DAY / 24, max: 9 * DAY }),
        (start, length, width) => {
          const end = start + length;
          let reached = start;
          while (reached < end) {
            const window = firstWindow({ start: reached, end }, width);
            expect(window.start).toBe(reached);
            expect(window.end).toBeGreaterThan(reached);
            expect(window.end - window.start).toBeLessThanOrEqual(width);
            reached = window.end;
          }
          expect(reached).toBe(end);
        },
      ),
    );
  });
});

describe('firstHalf', () => {
  it.each([
    ['2026-01-01T00:00Z/2026-01-08T00:00Z', '2026-01-04T00:00Z'],
    ['2026-01-01T15:00Z/2026-01-03T06:00Z', '2026-01-02T00:00Z'],
    ['2026-01-01T23:00Z/2026-01-03T00:00Z', '2026-01-02T00:00Z'],
    ['2026-01-01T00:00Z/2026-01-02T00:00Z', '2026-01-01T12:00Z'],
    ['2026-01-01T20:00Z/2026-01-02T08:00Z', '2026-01-02T00:00Z'],
    ['2026-01-01T23:59:59.999Z/2026-01-02T00:00:00.001Z', '2026-01-02T00:00Z'],
  ])('of %s ends at %s', (whole, end) => {
    expect(firstHalf(interval(whole))).toEqual({ start: interval(whole).start, end: at(end) });
  });

  it('returns undefined after a limited number of halvings', () => {
    let window: ReturnType<typeof firstHalf> = { start: 5, end: 5 + 365 * DAY };
    let halves = 0;
    while (window) {
      const half = firstHalf(window);
      if (half) expect(half.end - half.start).toBeLessThan(window.end - window.start);
      window = half;
      halves++;
    }
    expect(halves).toBeLessThan(50);
  });
});

describe('toText', () => {
  it('formats an interval as ISO 8601', () => {
    expect(toText({ start: 0, end: DAY })).toBe('1970-01-01T00:00:00.000Z/1970-01-02T00:00:00.000Z');
  });
});
