import { AxiosError, type AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import { BatchError, type BatchErrorCode } from '../../src/batch/index.ts';
import { findArgumentSecrets } from '../../src/cli/argument-secrets.ts';
import { failureOf } from '../../src/cli/failure.ts';
import { Interruption } from '../../src/cli/interrupt.ts';
import { openReporter } from '../../src/cli/open-reporter.ts';
import { ConfigurationError, TokenEndpointError, TokenRequestError } from '../../src/core/index.ts';
import { Captured } from './support.ts';

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: failed`), { code, syscall: 'open' });
}

function answered(status: number, headers: Record<string, string> = {}): BatchError {
  const response = { status, headers, data: {} } as AxiosResponse;
  const cause = new AxiosError('no', 'ERR_BAD_REQUEST', undefined, undefined, response);
  return new BatchError(`GET /x returned ${status}.`, 'ERR_REQUEST', { cause });
}

function unsent(code: string): BatchError {
  return new BatchError(`could not send (${code})`, 'ERR_REQUEST', { cause: new AxiosError('no', code) });
}

const batch = (code: BatchErrorCode, fields = {}) => new BatchError(`${code} happened`, code, fields);
const SCOPE = { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="read"' };

/** The exit code, the error, and the flag or command in the last line if the run cannot be resumed. */
const FAILURES: [exitCode: number, error: unknown, last?: RegExp][] = [
  [1, new Error('a bug')],
  [2, new ConfigurationError('--out', ['must be a file']), /^error: /],
  [2, batch('ERR_OUTPUT_EXISTS', { resumable: false }), /^error: /],
  [2, batch('ERR_OUTPUT_SHORT'), /^error: /],
  [2, batch('ERR_LOCKED'), /^error: /],
  [2, batch('ERR_CHECKPOINT_DAMAGED'), /^error: /],
  [2, batch('ERR_CHECKPOINT_MISMATCH'), /^error: /],
  [2, batch('ERR_INPUT_CHANGED'), /^error: /],
  [2, batch('ERR_INPUT', { resumable: false }), /^error: /],
  [2, batch('ERR_INPUT', { cause: errno('ENOENT') }), /^error: /],
  [2, batch('ERR_OUTPUT', { resumable: false }), /^error: /],
  [2, batch('ERR_OUTPUT', { cause: errno('EROFS') }), /^error: /],
  [2, new TokenRequestError('the clientSecret function failed', { code: 'ERR_CALLBACK' }), /^error: /],
  [3, answered(401)],
  [3, new TokenEndpointError('invalid_client', { code: 'ERR_TOKEN_ENDPOINT' })],
  [3, new BatchError('Redis failed: WRONGPASS invalid password.', 'ERR_QUEUE')],
  [4, answered(403)],
  [4, answered(401, SCOPE)],
  [5, answered(429)],
  [5, batch('ERR_THROTTLED')],
  [5, new TokenRequestError('throttled', { code: 'ERR_TOKEN_THROTTLED' })],
  [6, answered(500)],
  [6, answered(503)],
  [6, answered(408)],
  [6, answered(409)],
  [6, answered(423)],
  [6, unsent('ECONNREFUSED')],
  [6, unsent('ETIMEDOUT')],
  [6, unsent('EMFILE')],
  [6, batch('ERR_OUTPUT', { cause: errno('ENOSPC') })],
  [6, batch('ERR_OUTPUT', { cause: errno('EMFILE') })],
  [6, batch('ERR_INPUT', { cause: errno('ENFILE') })],
  [6, new ConfigurationError('--env', ['x.env cannot be read (EMFILE)'])],
  [6, errno('EMFILE')],
  [6, errno('ENOSPC')],
  [6, batch('ERR_UNEXPECTED_ANSWER')],
  [6, batch('ERR_JOB')],
  [6, batch('ERR_QUEUE')],
  [6, new TokenRequestError('unreachable', { code: 'ERR_TOKEN_REQUEST' })],
  [7, answered(400), /^hint: .*--restart/],
  [7, answered(404), /^hint: .*--url.*--restart/],
  [7, answered(410), /^hint: .*--restart/],
  [7, answered(422), /^hint: .*--restart/],
  [7, unsent('ERR_FR_TOO_MANY_REDIRECTS'), /^hint: .*--url/],
  [7, batch('ERR_RECORD', { resumable: false }), /^hint: .*--columns.*--restart/],
  [7, batch('ERR_RECORD'), /^hint: .*--columns.*--restart/],
  [7, batch('ERR_PAGE_LOOP'), /^hint: .*--restart/],
  [7, batch('ERR_TOTAL_MISMATCH'), /^hint: .*--total-tolerance.*--restart/],
  [
    7,
    new BatchError('80 of 1000 are missing.', 'ERR_TOTAL_MISMATCH', { tolerance: 0.08 }),
    /--total-tolerance 0\.08 /,
  ],
  [7, batch('ERR_UNEXPECTED_ANSWER', { resumable: false }), /^hint: .*--restart/],
  [7, batch('ERR_JOB', { permanent: true }), /^hint: .*--restart/],
  [7, batch('ERR_QUEUE', { permanent: true }), /^hint: .*--restart/],
  [7, batch('ERR_INPUT'), /^hint: .*--on-bad-record reject/],
  [130, batch('ERR_INTERRUPTED', { cause: new Interruption('SIGINT') })],
  [143, batch('ERR_INTERRUPTED', { cause: new Interruption('SIGTERM') })],
];

describe('the failure of a run', () => {
  it.each(FAILURES)('has exit code %d in text and in JSON: %s', (exitCode, error, last) => {
    const failure = failureOf(error, { command: 'export pages', resume: 'RESUME' });
    expect(failure.exitCode).toBe(exitCode);
    const print = (log: 'text' | 'json') => {
      const stderr = new Captured();
      const reporter = openReporter(
        { stderr, env: {} },
        { log, progressInterval: 0 },
        findArgumentSecrets([]),
      );
      reporter.failed(failure);
      return stderr.text.trimEnd();
    };
    const lines = print('text').split('\n');
    const json = JSON.parse(print('json'));
    const isResumable = lines.at(-1) === 'resume: RESUME';
    expect(json).toMatchObject({ event: 'failed', exitCode, resumable: isResumable });
    expect(json.hint).toBe(lines.find((line) => line.startsWith('hint: '))?.slice('hint: '.length));
    expect(json.resume).toBe(isResumable ? 'RESUME' : undefined);
    if (last) expect(lines.at(-1)).toMatch(last);
    else expect(isResumable).toBe(true);
  });

  it('does not recommend --restart if the output is not a file', () => {
    const { hint } = failureOf(batch('ERR_PAGE_LOOP'), { command: 'export pages' });
    expect(hint).toMatch(/--url/);
    expect(hint).not.toContain('--restart');
  });

  it('does not recommend --restart for an import, because all records would be sent again', () => {
    const { hint } = failureOf(answered(404), { command: 'import genesys-contacts', resume: 'RESUME' });
    expect(hint).not.toContain('--restart');
  });

  it.each([batch('ERR_OUTPUT', { cause: errno('EMFILE') }), unsent('ENFILE'), errno('EMFILE')])(
    'names the limit if too many files are open: %s',
    (error) => {
      const { hint, message } = failureOf(error);
      expect(hint).toContain('ulimit -n');
      expect(message).not.toContain('    at ');
    },
  );
});

it.each([
  [{ keepsFlags: true }, 'add --restart to start over; if the output exists, remove it first'],
  [{}, 'add --restart to start over; the existing files are renamed and kept'],
  [
    { keepsFlags: true, day: '2026-10-25' },
    'set --days 2026-10-25 --restart to start only this day over; if the output exists, remove it first',
  ],
])('says what --restart does with the files of a run with %j', (run, hint) => {
  const error = new BatchError('refused', 'ERR_REQUEST', { permanent: true, resumable: false });
  expect(failureOf(error, { resume: 'the command', ...run }).hint).toContain(hint);
});
