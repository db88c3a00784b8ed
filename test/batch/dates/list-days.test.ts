import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DaysText, listDays } from '../../../src/batch/index.ts';
import { parseInterval } from '../../../src/batch/sources/interval.ts';
import { createManualClock } from '../../support/manual-clock.ts';

// A Sunday.
const clock = createManualClock(Date.parse('2026-11-15T12:00Z'));
const list = (days: DaysText, timeZone?: string) => listDays(days, { timeZone, clock });
const datesOf = (days: DaysText, timeZone?: string) => list(days, timeZone).map(({ date }) => date);

describe('listDays', () => {
  it('returns each day with its interval in UTC', () => {
    expect(list('2026-10-24/2026-10-26', 'Europe/Berlin')).toEqual([
      { date: '2026-10-24', interval: '2026-10-23T22:00:00.000Z/2026-10-24T22:00:00.000Z' },
      { date: '2026-10-25', interval: '2026-10-24T22:00:00.000Z/2026-10-25T23:00:00.000Z' },
      { date: '2026-10-26', interval: '2026-10-25T23:00:00.000Z/2026-10-26T23:00:00.000Z' },
    ]);
  });

  it.each<[DaysText, string, string, number]>([
    ['2026-10-01', '2026-10-01', '2026-10-01', 1],
    ['2026-10-01/2026-10-01', '2026-10-01', '2026-10-01', 1],
    ['yesterday', '2026-11-14', '2026-11-14', 1],
    ['last-week', '2026-11-02', '2026-11-08', 7],
    ['last-month', '2026-10-01', '2026-10-31', 31],
    ['2026-10', '2026-10-01', '2026-10-31', 31],
    ['2026-W40', '2026-09-28', '2026-10-04', 7],
    ['2024', '2024-01-01', '2024-12-31', 366],
    ['2026-10-01/P3D', '2026-10-01', '2026-10-03', 3],
    ['P3D/2026-10-04', '2026-10-01', '2026-10-03', 3],
    [{ since: '2026-11-12' }, '2026-11-12', '2026-11-14', 3],
    [{ since: '1900-01-01' }, '1900-01-01', '2026-11-14', 46_339],
  ])('lists the days of %j', (days, first, last, count) => {
    const dates = datesOf(days);
    expect([dates[0], dates.at(-1), dates.length]).toEqual([first, last, count]);
  });

  it('lists no day since the current day of the time zone', () => {
    expect(list({ since: '2026-11-15' })).toEqual([]);
    expect(list({ since: '2026-11-16' }, 'Pacific/Kiritimati')).toEqual([]);
    expect(datesOf({ since: '2026-11-15' }, 'Pacific/Kiritimati')).toEqual(['2026-11-15']);
  });

  it('leaves out a day that the clocks of the time zone skip', () => {
    expect(datesOf('2011-12-29/2011-12-31', 'Pacific/Apia')).toEqual(['2011-12-29', '2011-12-31']);
  });

  it.each<[unknown, string]>([
    ['today', 'days (today) ends in the future, at 2026-11-16T00:00:00+00:00 (UTC)'],
    ['2026-11', 'The last complete day is 2026-11-14: use 2026-11-01/2026-11-14 to end with that day'],
    ['2026-11-10/2026-11-15', 'use 2026-11-10/2026-11-14'],
    ['2026-10-05/2026-10-04', 'the last of days (2026-10-04) must not be before the first (2026-10-05)'],
    ['2026-10-01T00:00Z/2026-10-02T00:00Z', 'days must be a date'],
    ['2026-10-01/PT24H', 'days must be a date'],
    ['2026-02-30', 'not "2026-02-30"'],
    ['yesterdy', 'Did you mean yesterday?'],
    [{ since: '2026-11-16' }, 'since (2026-11-16) is in the future: today is 2026-11-15 in UTC'],
    [{ since: 'yesterday' }, 'since must be a date, such as 2026-10-01, not "yesterday"'],
    [{ since: '2026-02-30' }, 'not "2026-02-30"'],
    [{ sinse: '2026-10-01' }, 'unknown option sinse; did you mean since?'],
    [undefined, 'days must be a date'],
    [null, 'days must be a date'],
  ])('refuses %j', (days, problem) => {
    expect(() => list(days as string)).toThrow(problem);
    expect(() => list(days as string)).toThrow(expect.objectContaining({ name: 'ConfigurationError' }));
  });

  it('divides time into days without gaps that begin and end where Intl says', () => {
    // Zones whose days since 1990 begin once, and have 23 to 25 hours.
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'America/Sao_Paulo',
      'America/Havana',
      'Africa/Cairo',
      'Africa/Casablanca',
      'Asia/Kathmandu',
      'Asia/Beirut',
      'Australia/Lord_Howe',
      'Pacific/Chatham',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2026, 0) }),
        fc.integer({ min: 0, max: 200 }),
        (timeZone, from, length) => {
          const [first, last] = [from, from + length * 86_400_000].map((time) =>
            new Date(time).toISOString().slice(0, 10),
          );
          const days = list(`${first}/${last}`, timeZone);
          expect(days).toHaveLength(length + 1);
          const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
          let before: number | undefined;
          for (const { date, interval } of days) {
            const { start, end } = parseInterval(interval);
            if (before !== undefined) expect(start).toBe(before);
            before = end;
            expect((end - start) / 3_600_000).toBeGreaterThanOrEqual(23);
            expect((end - start) / 3_600_000).toBeLessThanOrEqual(25);
            expect([format.format(start), format.format(end - 1)]).toEqual([date, date]);
            expect(format.format(start - 1)).not.toBe(date);
            expect(format.format(end)).not.toBe(date);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
