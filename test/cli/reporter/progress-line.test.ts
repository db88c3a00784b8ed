import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/batch/index.ts';
import { progressLine } from '../../../src/cli/reporter/progress-line.ts';
import type { ReportedProgress } from '../../../src/cli/reporter/types.ts';
import { duration } from '../../../src/core/internal.ts';

const BLOCKS = { complete: '█', incomplete: '░' };
const NOW = 1_700_000_000_000;

const COUNTS = { repeated: 0, requests: 15, retries: 0, replays: 1, refreshes: 0, elapsed: 4000 };

const VALUES: Record<string, ReportedProgress> = {
  'an early page': {
    ...COUNTS,
    records: 100,
    pages: 1,
    total: 4000,
    recordsPerSecond: 98.4,
    remaining: 41_000,
  },
  'the middle': {
    ...COUNTS,
    records: 1234,
    pages: 13,
    total: 5000,
    recordsPerSecond: 308.5,
    remaining: 125_000,
    retries: 2,
    refreshes: 1,
  },
  'large numbers': {
    ...COUNTS,
    records: 12_345_678,
    pages: 123_457,
    total: 987_654_321,
    recordsPerSecond: 1234.5,
    remaining: 789_932_100,
    retries: 12_345,
    refreshes: 1234,
  },
  'an import with rejected and unresolved records': {
    ...COUNTS,
    records: 1_000_000,
    accepted: 987_000,
    rejected: 12_345,
    unresolved: 655,
    pages: 10_000,
    total: 1_500_000,
    recordsPerSecond: 50_000,
    remaining: 10_000,
  },
  'the parts of a queue': {
    records: 250_000,
    pages: 2500,
    total: 1_000_000,
    repeated: 3,
    parts: 24,
    partsComplete: 5,
    elapsed: 600_000,
    recordsPerSecond: 416.7,
    remaining: 1_800_000,
  },
};

const WIDTHS = [40, 41, 50, 60, 79, 80, 100, 120, 200];
const TABLE = Object.entries(VALUES).flatMap(([name, progress]) =>
  WIDTHS.map((columns) => ({ name, columns, progress })),
);

const line = (progress: ReportedProgress, columns: number) => progressLine(progress, columns, NOW, BLOCKS);

describe('a progress line', () => {
  it.each(TABLE)('shows a bar, the percentage and the time left of $name in $columns columns', (row) => {
    const text = line(row.progress, row.columns - 1);
    const { records, total = 0, remaining = 0 } = row.progress;
    expect(stringWidth(text)).toBeLessThan(row.columns);
    expect(text).toContain(`${duration(remaining)} left`);
    expect(text).toMatch(/^█*░+ /);
    expect(text).toContain(`${Math.floor((records * 100) / total)}%`);
  });

  it('leaves out the least important parts first', () => {
    const progress = VALUES['the middle'] as Progress;
    const [all, ...shorter] = [200, 95, 75, 63, 56, 44].map((columns) => line(progress, columns));
    expect(all).toBe(
      '██████░░░░░░░░░░░░░░░░░░ 24% | 1,234 of 5,000 records, 13 pages, 309 records/s, 2 min 05 s left, 1 token refresh, 2 retries',
    );
    expect(shorter).toEqual([
      '██░░░░░░ 24% | 1,234 of 5,000 records, 13 pages, 309 records/s, 2 min 05 s left',
      '██░░░░░░ 24% | 1,234 of 5,000 records, 309 records/s, 2 min 05 s left',
      '██░░░░░░ 24% | 1,234 of 5,000 records, 2 min 05 s left',
      '██░░░░░░ 24% | 1,234 of 5,000 records, 2 min 05 s left',
      '█░░░ 24% | 1,234/5,000, 2 min 05 s left',
    ]);
  });

  it('leaves out the accepted records of an import before the rejected and unresolved ones', () => {
    const progress = VALUES['an import with rejected and unresolved records'] as Progress;
    const outcomes = '1,000,000 of 1,500,000 records, 987,000 accepted, 12,345 rejected, 655 unresolved';
    expect(line(progress, 200)).toContain(`${outcomes}, 10,000 batches, 50,000 records/s, 10 s left`);
    expect([125, 120, 100].map((columns) => line(progress, columns))).toEqual([
      `█████░░░ 66% | ${outcomes}, 50,000 records/s, 10 s left`,
      `█████░░░ 66% | ${outcomes}, 10 s left`,
      '█████░░░ 66% | 1,000,000 of 1,500,000 records, 12,345 rejected, 655 unresolved, 10 s left',
    ]);
  });

  it('is never wider than the terminal, however narrow', () => {
    for (const progress of Object.values(VALUES)) {
      for (let columns = 1; columns < 160; columns += 3) {
        expect(stringWidth(line(progress, columns))).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('shows the records and no bar if the total is unknown or too low', () => {
    const { total: _total, remaining: _remaining, ...progress } = VALUES['the middle'] as Progress;
    for (const value of [progress, { ...progress, total: 1000 }]) {
      expect(line(value, 36)).toBe('1,234 records, 309 records/s');
    }
  });
});

describe('a progress line during an outage', () => {
  const until = new Date(NOW + 900_000).toTimeString().slice(0, 8);
  const during = (reason: string): Progress => ({
    ...(VALUES['the middle'] as Progress),
    waiting: { reason, retryAt: NOW + 20_000, until: NOW + 900_000 },
  });

  it.each([
    [99, `█░░░ 24% | waiting: api.mypurecloud.com returned 503; next try in 20 s, gives up at ${until}`],
    [79, `█░░░ 24% | waiting 20 s: api.mypurecloud.com returned 503; gives up at ${until}`],
    [39, `24% | waiting 20 s, until ${until}`],
    [30, `waiting 20 s, until ${until}`],
  ])('says in %i columns what the run waits for and until when', (columns, text) => {
    expect(line(during('api.mypurecloud.com returned 503'), columns)).toBe(text);
  });

  it('counts wide characters as two columns', () => {
    const progress = during('コンタクトセンター.example が 503 を返しました');
    for (let columns = 1; columns < 150; columns += 3) {
      expect(stringWidth(line(progress, columns))).toBeLessThanOrEqual(columns);
    }
    expect(line(progress, 150)).toContain('コンタクトセンター.example');
  });
});
