import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitInterval } from '../../src/bullmq/index.ts';
import { ConfigurationError } from '../../src/index.ts';

describe('splitInterval', () => {
  it('cuts at midnight, or else at the roundest time that keeps parts equally long', () => {
    expect(splitInterval('2026-01-01T00:00Z/2026-01-04T00:00Z', 3)).toEqual([
      '2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z',
      '2026-01-02T00:00:00.000Z/2026-01-03T00:00:00.000Z',
      '2026-01-03T00:00:00.000Z/2026-01-04T00:00:00.000Z',
    ]);
    const cuts = (interval: string, parts: number) =>
      splitInterval(interval, parts)
        .slice(1)
        .map((part) => part.split('/')[0]);
    expect(cuts('2026-01-01/2026-01-08', 4)).toEqual([
      '2026-01-02T18:00:00.000Z',
      '2026-01-04T12:00:00.000Z',
      '2026-01-06T06:00:00.000Z',
    ]);
    // A year in 5 parts: 73 days each.
    expect(cuts('2026-01-01/2027-01-01', 5).every((cut) => cut?.endsWith('T00:00:00.000Z'))).toBe(true);
    expect(cuts('2026-01-01T00:00Z/2026-01-01T10:00Z', 7)[0]).toBe('2026-01-01T01:26:00.000Z');
    expect(cuts('2026-01-01T00:00Z/2026-01-01T00:01Z', 7)[0]).toBe('2026-01-01T00:00:09.000Z');
  });

  it('covers the interval exactly, with lengths that differ by at most a second or 2 %', () => {
    const day = 86_400_000;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50_000 * day }),
        fc.integer({ min: 1000, max: 800 * day }),
        fc.integer({ min: 1, max: 400 }),
        (start, length, wanted) => {
          const end = start + length;
          const parts = Math.min(wanted, Math.floor(length / 1000));
          const interval = `${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
          const found = splitInterval(interval, parts).map((part) =>
            part.split('/').map((date) => Date.parse(date)),
          );
          expect(found).toHaveLength(parts);
          expect(found[0]?.[0]).toBe(start);
          expect(found.at(-1)?.[1]).toBe(end);
          found.forEach(([from = 0, to = 0], index) => {
            expect(to).toBeGreaterThan(from);
            if (index > 0) expect(from).toBe(found[index - 1]?.[1]);
            expect(Math.abs(to - from - length / parts)).toBeLessThanOrEqual(
              Math.max(1000, (length / parts) * 0.02),
            );
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses invalid intervals, invalid numbers of parts and parts shorter than a second', () => {
    for (const [interval, parts, why] of [
      ['yesterday', 2, /two dates separated by \//],
      ['2026-01-02/2026-01-01', 2, /must be after/],
      ['2026-01-01/2026-01-02', 0, /parts must be a whole number above 0/],
      ['2026-01-01/2026-01-02', 1.5, /parts must be a whole number above 0/],
      ['2026-01-01T00:00Z/2026-01-01T00:01Z', 61, /parts must be at most 60/],
    ] as const) {
      expect(() => splitInterval(interval, parts)).toThrow(ConfigurationError);
      expect(() => splitInterval(interval, parts)).toThrow(why);
    }
  });
});
