import { describe, expect, it } from 'vitest';
import { resolveInterval } from '../../../src/batch/index.ts';
import { checkInterval, parseInterval } from '../../../src/batch/sources/interval.ts';
import { toText } from '../../../src/batch/sources/windows.ts';
import { createManualClock } from '../../support/manual-clock.ts';

// A Sunday.
const NOW = Date.parse('2026-11-15T12:00Z');
const clock = createManualClock(NOW);

const resolve = (text: string, timeZone?: string) => resolveInterval(text, { timeZone, clock });

describe('resolveInterval', () => {
  it.each([
    ['yesterday', undefined, '2026-11-14T00:00:00.000Z/2026-11-15T00:00:00.000Z'],
    ['yesterday', 'Europe/Berlin', '2026-11-13T23:00:00.000Z/2026-11-14T23:00:00.000Z'],
    ['yesterday', 'Pacific/Kiritimati', '2026-11-14T10:00:00.000Z/2026-11-15T10:00:00.000Z'],
    ['last-week', undefined, '2026-11-02T00:00:00.000Z/2026-11-09T00:00:00.000Z'],
    ['last-week', 'Pacific/Kiritimati', '2026-11-08T10:00:00.000Z/2026-11-15T10:00:00.000Z'],
    ['last-month', 'Europe/Berlin', '2026-09-30T22:00:00.000Z/2026-10-31T23:00:00.000Z'],
    ['2026-10-01', undefined, '2026-10-01T00:00:00.000Z/2026-10-02T00:00:00.000Z'],
    ['2026-10', 'America/New_York', '2026-10-01T04:00:00.000Z/2026-11-01T04:00:00.000Z'],
    ['2024-02', undefined, '2024-02-01T00:00:00.000Z/2024-03-01T00:00:00.000Z'],
    ['2025', 'Asia/Kolkata', '2024-12-31T18:30:00.000Z/2025-12-31T18:30:00.000Z'],
    ['2026-W40', undefined, '2026-09-28T00:00:00.000Z/2026-10-05T00:00:00.000Z'],
    ['2026-W01', undefined, '2025-12-29T00:00:00.000Z/2026-01-05T00:00:00.000Z'],
    ['2020-W53', undefined, '2020-12-28T00:00:00.000Z/2021-01-04T00:00:00.000Z'],
    ['2026-10-01/P1D', undefined, '2026-10-01T00:00:00.000Z/2026-10-02T00:00:00.000Z'],
    ['2026-10-01/P1M', 'Europe/Berlin', '2026-09-30T22:00:00.000Z/2026-10-31T23:00:00.000Z'],
    ['2026-01-31/P1M', undefined, '2026-01-31T00:00:00.000Z/2026-02-28T00:00:00.000Z'],
    ['P1D/2026-10-02', undefined, '2026-10-01T00:00:00.000Z/2026-10-02T00:00:00.000Z'],
    ['P1W/2026-10-26', 'Europe/Berlin', '2026-10-18T22:00:00.000Z/2026-10-25T23:00:00.000Z'],
    ['2026-10-01/PT6H', 'Europe/Berlin', '2026-09-30T22:00:00.000Z/2026-10-01T04:00:00.000Z'],
    ['2026-10-01T08:00Z/PT12H', undefined, '2026-10-01T08:00:00.000Z/2026-10-01T20:00:00.000Z'],
    ['PT0.5S/2026-10-01T08:00Z', undefined, '2026-10-01T07:59:59.500Z/2026-10-01T08:00:00.000Z'],
    ['2026-10-01T08:00/PT6H', 'Europe/Berlin', '2026-10-01T06:00:00.000Z/2026-10-01T12:00:00.000Z'],
    [
      '2026-10-01/2026-10-02T00:00+02:00',
      'Europe/Berlin',
      '2026-09-30T22:00:00.000Z/2026-10-01T22:00:00.000Z',
    ],
    ['2026-10-01T00:00/2026-10-02T00:00', 'UTC', '2026-10-01T00:00:00.000Z/2026-10-02T00:00:00.000Z'],
    ['2026-10-01', 'europe/BERLIN', '2026-09-30T22:00:00.000Z/2026-10-01T22:00:00.000Z'],
  ])('resolves %s in %s', (text, timeZone, interval) => {
    expect(resolve(text, timeZone)).toBe(interval);
    expect(checkInterval(resolve(text, timeZone), NOW)).toBeUndefined();
  });

  it.each([
    ['25 hours when the clocks are set back', '2026-10-25', 'Europe/Berlin', 25],
    ['23 hours when the clocks are set forward', '2026-03-29', 'Europe/Berlin', 23],
    ['23 hours if the clocks skip midnight', '2018-11-04', 'America/Sao_Paulo', 23],
    ['24 hours after a day without midnight', '2018-11-05', 'America/Sao_Paulo', 24],
    ['23 hours if the clocks skip the first hour', '2024-04-26', 'Africa/Cairo', 23],
    ['25 hours if the clocks repeat the first hour', '2024-11-03', 'America/Havana', 25],
    ['24.5 hours if the clocks are set back by half an hour', '2026-04-05', 'Australia/Lord_Howe', 24.5],
    ['23.5 hours if the clocks are set forward by half an hour', '2026-10-04', 'Australia/Lord_Howe', 23.5],
    ['24 hours in a zone of quarter hours', '2026-03-29', 'Asia/Kathmandu', 24],
  ])('gives a day %s', (_, date, timeZone, hours) => {
    for (const text of [date, `${date}/P1D`, `${date}/${nextDay(date)}`, `P1D/${nextDay(date)}`]) {
      const { start, end } = parseInterval(resolve(text, timeZone));
      expect((end - start) / 3_600_000, text).toBe(hours);
    }
  });

  it.each([
    ['2026-01-01T00:00Z', 'last-week', undefined, '2025-12-22T00:00:00.000Z/2025-12-29T00:00:00.000Z'],
    ['2026-01-01T00:00Z', 'last-month', undefined, '2025-12-01T00:00:00.000Z/2026-01-01T00:00:00.000Z'],
    ['2025-12-31T23:30Z', 'last-month', 'Europe/Berlin', '2025-11-30T23:00:00.000Z/2025-12-31T23:00:00.000Z'],
    ['2026-11-16T00:00Z', 'last-week', undefined, '2026-11-09T00:00:00.000Z/2026-11-16T00:00:00.000Z'],
    ['2026-11-16T00:00Z', 'yesterday', undefined, '2026-11-15T00:00:00.000Z/2026-11-16T00:00:00.000Z'],
    ['2026-11-15T23:59:59.999Z', 'yesterday', undefined, '2026-11-14T00:00:00.000Z/2026-11-15T00:00:00.000Z'],
    // The second 02:30 of the day.
    ['2026-10-25T01:30Z', 'yesterday', 'Europe/Berlin', '2026-10-23T22:00:00.000Z/2026-10-24T22:00:00.000Z'],
    // The first moment of a day without midnight.
    [
      '2018-11-04T03:00Z',
      'yesterday',
      'America/Sao_Paulo',
      '2018-11-03T03:00:00.000Z/2018-11-04T03:00:00.000Z',
    ],
  ])('at %s, resolves %s in %s', (now, text, timeZone, interval) => {
    expect(resolveInterval(text, { timeZone, clock: createManualClock(Date.parse(now)) })).toBe(interval);
  });

  it('adds elapsed hours and calendar days to a time', () => {
    const start = '2026-10-24T12:00+02:00';
    expect(resolve(`${start}/PT24H`, 'Europe/Berlin')).toBe(
      '2026-10-24T10:00:00.000Z/2026-10-25T10:00:00.000Z',
    );
    expect(resolve(`${start}/P1D`, 'Europe/Berlin')).toBe(
      '2026-10-24T10:00:00.000Z/2026-10-25T11:00:00.000Z',
    );
    expect(resolve('2026-10-25/P1DT1H', 'Europe/Berlin')).toBe(
      '2026-10-24T22:00:00.000Z/2026-10-26T00:00:00.000Z',
    );
    expect(resolve(`P1D/2026-10-25T12:00+01:00`, 'Europe/Berlin')).toBe(
      '2026-10-24T10:00:00.000Z/2026-10-25T11:00:00.000Z',
    );
  });

  it('accepts whatever sources accept, with the same meaning', () => {
    for (const text of [
      '2026-01-01T00:00Z/2026-02-01T00:00Z',
      '2026-01-01/2026-01-02',
      '2026-01-01T00:00:00.5+02:00/2026-01-02T00:00-0530',
      '2024-02-29/2026-03-01T12:00:00Z',
      '2026-01-01T24:00Z/2026-11-15T12:00Z',
    ]) {
      expect(checkInterval(text, NOW), text).toBeUndefined();
      expect(resolve(text), text).toBe(toText(parseInterval(text)));
    }
  });

  it.each([
    [
      'today',
      'Europe/Berlin',
      'interval (today) ends in the future, at 2026-11-16T00:00:00+01:00 (Europe/Berlin)',
    ],
    ['2026-11', 'Europe/Berlin', 'The last complete day is 2026-11-14: use 2026-11-01/2026-11-15'],
    ['2026-11-15', undefined, 'The last complete day is 2026-11-14.'],
    ['2027', undefined, 'The last complete day is 2026-11-14.'],
    ['2026-11-15/PT20H', undefined, 'the end of interval (2026-11-15T20:00:00.000Z) is in the future'],
    [
      '2026-11-01/2026-11-16',
      undefined,
      'the end of interval (2026-11-16) is in the future: it is 2026-11-15T12:00',
    ],
  ])('refuses %s in %s, which has not ended', (text, timeZone, problem) => {
    expect(() => resolve(text, timeZone)).toThrow(problem);
  });

  it.each([
    ['', 'interval must be two dates separated by /'],
    ['last week', 'not "last week". Did you mean last-week?'],
    ['Yesterday', 'Did you mean yesterday?'],
    ['2026-13', 'not "2026-13"'],
    ['2026-W00', 'not "2026-W00"'],
    ['2026-W54', 'not "2026-W54"'],
    ['2026-02-30', 'not "2026-02-30"'],
    ['0000', 'not "0000"'],
    ['20261001', 'not "20261001"'],
    ['2026-10-01T08:00Z', 'interval must be two dates'],
    ['2026-10-01/2026-10-02/2026-10-03', 'interval must be two dates'],
    ['2026-10-01/05', 'the end of interval must be an ISO 8601 date, with or without a time'],
    ['2026-10-01/', 'the end of interval must be an ISO 8601 date'],
    ['2026-02-30/P1D', 'the start of interval must be an ISO 8601 date'],
    ['2026-10-01/-P1D', 'not "-P1D"'],
    ['2026-10-01/PT0S', 'not "PT0S"'],
    ['P1D/P1D', 'not two durations'],
    ['P99999Y/2026-10-01', 'the duration of interval is too long'],
    ['P2027Y/2026-10-01', 'the duration of interval is too long'],
    ['2026-10-01/P999999999Y', 'the duration of interval is too long'],
    [
      '2026-10-01/2026-10-01',
      'the end of interval (2026-10-01) must be after the start of interval (2026-10-01)',
    ],
    [
      '2026-10-01T08:00/PT6H',
      'the start of interval (2026-10-01T08:00) has no zone. Add a zone, as in 2026-10-01T08:00Z',
    ],
    ['2026-10-01T25:00/PT6H', 'the start of interval must be an ISO 8601 date'],
  ])('refuses %j', (text, problem) => {
    expect(() => resolve(text)).toThrow(problem);
    expect(() => resolve(text)).toThrow(expect.objectContaining({ name: 'ConfigurationError' }));
  });

  it.each([
    [
      '2026-10-25T02:30/PT1H',
      'show 2026-10-25T02:30 twice. Add the offset: 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00',
    ],
    [
      '2026-10-25/2026-10-25T02:30',
      'the end of interval: the clocks of Europe/Berlin show 2026-10-25T02:30 twice',
    ],
    [
      '2026-03-29T02:30/PT1H',
      'the clocks of Europe/Berlin skip 2026-03-29T02:30. Use 2026-03-29T03:30:00+02:00',
    ],
  ])('refuses %s, a local time that is skipped or repeated', (text, problem) => {
    expect(() => resolve(text, 'Europe/Berlin')).toThrow(problem);
  });

  it('refuses a day that the clocks of the time zone skip', () => {
    expect(() => resolve('2011-12-30', 'Pacific/Apia')).toThrow(
      'the clocks of Pacific/Apia skip the day 2011-12-30',
    );
  });

  it.each([
    ['Europe/Berln', 'not "Europe/Berln". Did you mean Europe/Berlin?'],
    ['berlin', 'not "berlin". Did you mean Europe/Berlin?'],
    ['new york', 'Did you mean America/New_York?'],
    ['', 'timeZone must be an IANA name, such as Europe/Berlin, not ""'],
    ['Mars', 'not "Mars"'],
    ['+01:00', 'not "+01:00"'],
    ['2026-01-01T00:00Z', 'not "2026-01-01T00:00Z"'],
    ['PST', 'not "PST"'],
  ])('refuses the time zone %j', (timeZone, problem) => {
    expect(() => resolve('yesterday', timeZone)).toThrow(problem);
    expect(() => resolve('yesterday', timeZone)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError' }),
    );
  });

  it('lists wrong options', () => {
    expect(() => resolveInterval('yesterday', { timezone: 'UTC' } as object)).toThrow(
      'unknown option timezone; did you mean timeZone?',
    );
    expect(() => resolveInterval(5 as unknown as string)).toThrow('interval must be a string');
    expect(() => resolveInterval('yesterday', { timeZone: 5 } as object)).toThrow(
      'timeZone must be a string',
    );
  });
});

function nextDay(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
}
