import { describe, expect, it } from 'vitest';
import { checkInterval, parseDate, parseInterval } from '../../../src/batch/sources/interval.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('checkInterval', () => {
  it.each([
    ['2026-01-01T00:00Z/2026-02-01T00:00Z', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['2026-01-01/2026-01-02', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
    [
      '2026-01-01T00:00:00.5+02:00/2026-01-02T00:00-0530',
      '2025-12-31T22:00:00.500Z',
      '2026-01-02T05:30:00.000Z',
    ],
    ['2024-02-29/2026-03-01T12:00:00Z', '2024-02-29T00:00:00.000Z', '2026-03-01T12:00:00.000Z'],
  ])('accepts %s, and parseInterval returns its dates', (text, start, end) => {
    expect(checkInterval(text, NOW)).toBeUndefined();
    expect(parseInterval(text)).toEqual({ start: Date.parse(start), end: Date.parse(end) });
  });

  it.each([
    [undefined, 'interval must be a string'],
    ['', 'two dates separated by /'],
    ['2026-01-01', 'two dates separated by /'],
    ['yesterday', 'not "yesterday". For dates such as yesterday and 2026-10, use resolveInterval'],
    ['2026-01-01/2026-01-02/2026-01-03', 'two dates separated by /'],
    ['2026-01-01/', 'the end of interval must be an ISO 8601 date'],
    ['yesterday/2026-01-01', 'the start of interval must be an ISO 8601 date'],
    ['2026-02-30/2026-03-01', 'the start of interval must be an ISO 8601 date'],
    ['2026-02-01T25:00Z/2026-03-01', 'the start of interval must be an ISO 8601 date'],
    ['2026-01-01T00:00/2026-01-02T00:00', 'with a time and a zone'],
    ['2026-01-02/2026-01-01', 'the end of interval (2026-01-01) must be after the start of interval'],
    ['2026-01-01/2026-01-01', 'must be after'],
    ['2026-01-01/2026-03-01T12:00:00.001Z', 'in the future: it is 2026-03-01T12:00:00.000Z now'],
  ])('rejects %s', (text, problem) => {
    expect(checkInterval(text, NOW)).toContain(problem);
  });
});

describe('parseDate', () => {
  it('returns NaN for any other text', () => {
    for (const text of ['', 'P1D', '2026', '2026-1-1', '1767225600000', '2026-01-01T00:00:00']) {
      expect(parseDate(text), text).toBeNaN();
    }
  });
});
