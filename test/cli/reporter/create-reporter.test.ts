import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/batch/progress.ts';
import { createReporter } from '../../../src/cli/reporter/create-reporter.ts';
import type { Reporter } from '../../../src/cli/reporter/types.ts';
import { TokenRequestError } from '../../../src/core/errors.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { PROGRESS } from '../../support/progress.ts';
import { Captured } from '../support.ts';

const { total: _total, remaining: _remaining, ...WITHOUT_TOTAL } = PROGRESS;

interface Setup {
  log?: 'text' | 'json';
  isTTY?: boolean;
  interval?: number;
  env?: Record<string, string>;
  columns?: number;
}

function setUp({ log = 'text', isTTY = false, interval, env, columns = 140 }: Setup) {
  const stream = new Captured();
  Object.assign(stream, { isTTY, columns });
  const clock = createManualClock();
  return { stream, clock, reporter: createReporter({ stream, log, interval, clock, env }) };
}

const REASON = 'api.mypurecloud.com returned 503';

/** Returns the progress while the API is down. */
function waitingAt(now: number, retryIn = 20_000): Progress {
  return { ...PROGRESS, waiting: { reason: REASON, retryAt: now + retryIn, until: now + 900_000 } };
}

/** Returns the time as the reporter shows it. */
function timeOfDay(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
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

describe('an outage in text lines', () => {
  it('is reported when the wait begins, at each interval and when the API answers again, but not for each retry', async () => {
    const { stream, clock, reporter } = setUp({});
    const until = timeOfDay(clock.now() + 900_000);
    reporter.progress(waitingAt(clock.now()));
    expect(stream.text).toBe(`waiting: ${REASON}; next try in 20 s, gives up at ${until}\n`);
    stream.text = '';
    reporter.event({ type: 'retry', method: 'GET', url: '/x', count: 2, delay: 40_000, status: 503 });
    reporter.progress(waitingAt(clock.now()));
    await clock.advance(10_000);
    expect(stream.text).toBe(
      `1,234 of 5,000 records, waiting: ${REASON}; next try in 10 s, gives up at ${until}\n`,
    );
    stream.text = '';
    reporter.progress(PROGRESS);
    reporter.progress(PROGRESS);
    expect(stream.text).toBe('the API answered again after 10 s\n');
    reporter.stop();
    expect(clock.pending).toBe(0);
  });

  it('shows the date if the run gives up on another day, and no negative wait', () => {
    const { stream, clock, reporter } = setUp({ interval: 0 });
    const now = clock.now();
    reporter.progress({
      ...PROGRESS,
      waiting: { reason: 'x', retryAt: now - 5000, until: now + 86_400_000 },
    });
    expect(stream.text).toMatch(
      /^waiting: x; next try in 0 s, gives up at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/,
    );
  });
});

describe('a retry in text', () => {
  const retry = { type: 'retry', method: 'GET', url: '/x', count: 3, delay: 8000 } as const;

  it.each([
    [{ code: 'ECONNREFUSED' }, 'GET /x could not connect (ECONNREFUSED); retrying in 8.0 s'],
    [{ code: 'ENOTFOUND' }, 'GET /x could not connect (ENOTFOUND); retrying in 8.0 s'],
    [{ code: 'ECONNRESET' }, 'GET /x lost the connection (ECONNRESET); retrying in 8.0 s'],
    [{ code: 'ETIMEDOUT' }, 'GET /x timed out (ETIMEDOUT); retrying in 8.0 s'],
    [{ code: 'EPROTO' }, 'GET /x failed with EPROTO; retrying in 8.0 s'],
    [{ code: 'ERR_BAD_RESPONSE', status: 502 }, 'GET /x failed with 502; retrying in 8.0 s'],
    [{}, 'GET /x received no response; retrying in 8.0 s'],
  ])('says in words that %j failed', (failure, text) => {
    const { stream, reporter } = setUp({});
    reporter.event({ ...retry, ...failure });
    reporter.stop();
    expect(stream.text).toBe(`${text}\n`);
  });

  it('is one line if parallel requests fail together', async () => {
    const { stream, clock, reporter } = setUp({});
    for (const url of ['/x', '/y', '/z']) reporter.event({ ...retry, url, status: 503 });
    await clock.advance(8000);
    for (const url of ['/x', '/y', '/z']) reporter.event({ ...retry, url, status: 503 });
    reporter.stop();
    expect(stream.text.match(/GET \/x failed/g)).toHaveLength(2);
    expect(stream.text).not.toMatch(/\/[yz]/);
  });
});

describe('--log json', () => {
  it('contains one event when an outage begins, one when it ends, and what the run waits for in each progress', async () => {
    const { stream, clock, reporter } = setUp({ log: 'json' });
    const { waiting } = waitingAt(clock.now());
    reporter.progress({ ...PROGRESS, waiting });
    reporter.progress({ ...PROGRESS, waiting });
    await clock.advance(10_000);
    reporter.progress(PROGRESS);
    reporter.stop();
    const events = stream.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { event: 'waiting', ...waiting },
      { event: 'progress', waiting },
      { event: 'waiting-over', duration: 10_000 },
    ]);
  });

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

  it('erases the bar before an error, and leaves no timer and no listener', async () => {
    const { stream, clock, reporter } = setUp({ isTTY: true });
    const listeners = stream.listenerCount('resize');
    reporter.progress(PROGRESS);
    stream.text = '';
    reporter.failed({ message: 'no', exitCode: 6 });
    reporter.stop();
    await clock.advance(60_000);
    expect(stream.text).toBe('\r\x1b[Jerror: no\n');
    expect(clock.pending).toBe(0);
    expect(stream.listenerCount('resize')).toBe(listeners);
  });

  it('changes neither the line wrap nor the cursor', async () => {
    const { stream, clock, reporter } = setUp({ isTTY: true });
    reporter.progress(PROGRESS);
    await clock.advance(1000);
    reporter.interrupted('stopping');
    reporter.failed({ message: 'no', exitCode: 6 });
    expect(stream.text).not.toContain('\x1b[?');
    expect(stream.text).not.toContain('\x1b7');
  });

  it('counts down to the next try each second, and says once that the API answered again', async () => {
    const { stream, clock, reporter } = setUp({ isTTY: true });
    reporter.progress(waitingAt(clock.now(), 3000));
    expect(stream.text).toContain(`waiting: ${REASON}; next try in 3 s, gives up at`);
    for (const left of [2, 1, 0]) {
      stream.text = '';
      await clock.advance(1000);
      expect(stream.text).toContain(`next try in ${left} s`);
    }
    stream.text = '';
    await clock.advance(10_000);
    expect(stream.text).toBe('');
    reporter.progress(PROGRESS);
    reporter.progress(PROGRESS);
    await clock.advance(1000);
    reporter.stop();
    expect(stream.text.match(/the API answered again after 13 s/g)).toHaveLength(1);
  });

  it('wraps long messages between words, but not the command to copy', () => {
    const { stream, reporter } = setUp({ isTTY: true, columns: 40 });
    const words = 'the quick brown fox jumps over the lazy dog '.repeat(5).trim();
    const command = `axios-oauth-refresh export ${'--flag value '.repeat(9)}`.trim();
    reporter.warning(words);
    reporter.note('x', words, {});
    reporter.failed({ message: words, hint: words, exitCode: 6, resume: command });
    const lines = stream.text.trimEnd().split('\n');
    expect(lines.pop()).toBe(`resume: ${command}`);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines.join(' ')).toBe(`warning: ${words} ${words} error: ${words} hint: ${words}`);
  });

  it.each([
    { env: { LANG: 'C.UTF-8' }, bar: '█' },
    { env: {}, bar: '█' },
    { env: { LANG: 'de_DE.ISO-8859-1' }, bar: '#' },
    { env: { LANG: 'de_DE.ISO-8859-1', LC_ALL: 'de_DE.utf8' }, bar: '█' },
    { env: { LANG: 'C.UTF-8', LC_CTYPE: 'ja_JP.UTF-8' }, bar: '#' },
  ])('draws the bar of $bar with $env', ({ env, bar }) => {
    const { stream, reporter } = setUp({ isTTY: true, env });
    reporter.progress(PROGRESS);
    reporter.stop();
    expect(stream.text).toContain(`\r${bar.repeat(6)}`);
  });

  it.each([{ TERM: 'dumb' }, { NO_COLOR: '1' }, { NO_COLOR: '0', TERM: 'xterm' }])(
    'writes plain lines with %j',
    async (env) => {
      const { stream, clock, reporter } = setUp({ isTTY: true, env });
      reportAll(reporter);
      reporter.progress(waitingAt(clock.now()));
      await clock.advance(10_000);
      reporter.interrupted('stopping');
      reporter.failed({ message: 'no', exitCode: 6 });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what must be absent
      expect(stream.text).not.toMatch(/[\x1b\r]/);
      expect(stream.text).toContain('1,234 of 5,000 records, waiting: ');
      // The terminal has written ^C into the line.
      expect(stream.text).toContain('\n\nwarning: stopping\n');
    },
  );

  it('draws a bar if NO_COLOR is empty', () => {
    const { stream, reporter } = setUp({ isTTY: true, env: { NO_COLOR: '' } });
    reporter.progress(PROGRESS);
    reporter.stop();
    expect(stream.text).toContain('█');
  });
});
