import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/batch/progress.ts';
import { createReporter } from '../../../src/cli/reporter/create-reporter.ts';
import type { Reporter } from '../../../src/cli/reporter/types.ts';
import { TokenRequestError } from '../../../src/core/errors.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { Captured } from '../support.ts';

const PROGRESS: Progress = {
  records: 1234,
  pages: 13,
  total: 5000,
  repeated: 0,
  requests: 15,
  retries: 2,
  replays: 1,
  refreshes: 1,
  elapsed: 4000,
  recordsPerSecond: 308.5,
  remaining: 125_000,
};
const { total: _total, remaining: _remaining, ...WITHOUT_TOTAL } = PROGRESS;

interface Setup {
  log?: 'text' | 'json';
  isTTY?: boolean;
  interval?: number;
}

function setUp({ log = 'text', isTTY = false, interval }: Setup) {
  const stream = new Captured();
  stream.isTTY = isTTY;
  const clock = createManualClock();
  return { stream, clock, reporter: createReporter({ stream, log, interval, clock }) };
}

function reportAll(reporter: Reporter): void {
  reporter.started('export genesys-conversations', 'a.jsonl');
  reporter.event({
    type: 'retry',
    method: 'GET',
    url: '/x',
    count: 1,
    delay: 30_000,
    status: 429,
  });
  reporter.event({ type: 'retry', method: 'GET', url: '/x', count: 1, delay: 500, status: 503 });
  reporter.event({
    type: 'refresh-failed',
    reason: 'stale',
    background: true,
    duration: 5,
    error: new TokenRequestError('connection refused', { code: 'ERR_TOKEN_REQUEST' }),
  });
  reporter.warning('take care');
}

describe('text lines', () => {
  it('reports progress every ten seconds, long waits, failed refreshes and warnings', async () => {
    const { stream, clock, reporter } = setUp({});
    reportAll(reporter);
    reporter.progress(PROGRESS);
    await clock.advance(9_999);
    expect(stream.text).toBe(
      'export genesys-conversations: a.jsonl\n' +
        'GET /x failed with 429; retrying in 30 s\n' +
        'token refresh failed: connection refused\n' +
        'warning: take care\n',
    );
    stream.text = '';
    await clock.advance(1);
    expect(stream.text).toBe(
      '1,234 of 5,000 records, 13 pages, 309 records/s, 2 min 05 s left, 1 token refresh, 2 retries\n',
    );
    await clock.advance(10_000);
    expect(stream.text.split('\n')).toHaveLength(3);
  });

  it('reports each page with an interval of 0, and only the count if the total is unknown', async () => {
    const { stream, reporter } = setUp({ interval: 0 });
    reporter.progress(WITHOUT_TOTAL);
    reporter.progress({ ...PROGRESS, records: 5001, remaining: 0 });
    expect(stream.text).toBe(
      '1,234 records, 13 pages, 309 records/s, 1 token refresh, 2 retries\n' +
        '5,001 records, 13 pages, 309 records/s, 1 token refresh, 2 retries\n',
    );
  });

  it('ends with the hint and the resume command, and leaves no timer', async () => {
    const { stream, clock, reporter } = setUp({});
    reporter.progress(PROGRESS);
    reporter.failed({ message: 'no', exitCode: 4, hint: 'do this', resume: 'run that' });
    reporter.stop();
    await clock.advance(60_000);
    expect(stream.text).toBe('error: no\nhint: do this\nresume: run that\n');
  });
});

describe('--log json', () => {
  it('writes every event as a line of JSON', async () => {
    const { stream, clock, reporter } = setUp({ log: 'json', isTTY: true });
    reportAll(reporter);
    reporter.progress(PROGRESS);
    await clock.advance(10_000);
    reporter.failed({ message: 'no', code: 'ERR_REQUEST', exitCode: 4, resume: 'run that' });
    const events = stream.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([
      'started',
      'retry',
      'retry',
      'refresh-failed',
      'warning',
      'progress',
      'failed',
    ]);
    for (const { time } of events) expect(new Date(time).toISOString()).toBe(time);
    expect(events[3].error).toEqual({
      name: 'TokenRequestError',
      message: 'connection refused',
      code: 'ERR_TOKEN_REQUEST',
    });
    expect(events[5]).toMatchObject(PROGRESS);
    expect(events[6]).toMatchObject({
      code: 'ERR_REQUEST',
      exitCode: 4,
      resumable: true,
      resume: 'run that',
    });
  });
});

describe('on a terminal', () => {
  it('draws a bar with records, pages, rate, remaining time, refreshes and retries', async () => {
    const { stream, reporter } = setUp({ isTTY: true });
    reporter.started('export', 'a.jsonl');
    reporter.progress(PROGRESS);
    reporter.completed({ message: 'complete', summary: PROGRESS, exitCode: 0 });
    expect(stream.text).toContain('export: a.jsonl\n');
    expect(stream.text).toMatch(
      /█{5,6}░{18,19} 24% \| 1,234 of 5,000 records, 13 pages, 309 records\/s, 2 min 05 s left/,
    );
    expect(stream.text).toContain('1 token refresh, 2 retries');
    expect(stream.text.endsWith('\ncomplete\n')).toBe(true);
  });

  it('shows only the count if the total is unknown', async () => {
    const { stream, reporter } = setUp({ isTTY: true });
    reporter.progress(WITHOUT_TOTAL);
    reporter.stop();
    expect(stream.text).toContain('1,234 records, 13 pages');
    expect(stream.text).not.toMatch(/[█░%]/);
  });

  it('writes a warning above the bar, and stops without output if there was no progress', async () => {
    const { stream, reporter } = setUp({ isTTY: true });
    reporter.stop();
    expect(stream.text).toBe('');
    reporter.progress(PROGRESS);
    reporter.warning('take care');
    reporter.stop();
    reporter.stop();
    expect(stream.text).toContain('warning: take care\n');
  });
});
