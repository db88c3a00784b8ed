import { describe, expect, it } from 'vitest';
import { BatchError } from '../../src/batch/errors.ts';
import { readFailure } from '../../src/bullmq/summary.ts';
import { exitCodeOf, worstOf } from '../../src/cli/exit-code.ts';

describe('the failure of a part that a worker stored in Redis', () => {
  it.each([
    [3, 'ERR_REQUEST', { code: 'ERR_BAD_REQUEST', status: 401 }],
    [3, 'ERR_REQUEST', { code: 'ERR_TOKEN_ENDPOINT' }],
    [4, 'ERR_REQUEST', { code: 'ERR_BAD_REQUEST', status: 403 }],
    [4, 'ERR_REQUEST', { code: 'ERR_BAD_REQUEST', status: 401, scope: true }],
    [7, 'ERR_REQUEST', { code: 'ERR_BAD_REQUEST', status: 404 }],
    [5, 'ERR_REQUEST', { code: 'ERR_BAD_REQUEST', status: 429 }],
    [5, 'ERR_REQUEST', { code: 'ERR_TOKEN_THROTTLED', status: 400 }],
    [7, 'ERR_REQUEST', { code: 'ERR_BAD_REQUEST', status: 400 }],
    [6, 'ERR_REQUEST', { code: 'ECONNREFUSED' }],
    [6, 'ERR_REQUEST', undefined],
    [1, 'ERR_REQUEST', { code: 'ERR_CALLBACK' }],
    [2, 'ERR_OUTPUT', { code: 'EACCES' }],
    [6, 'ERR_OUTPUT', { code: 'ENOSPC' }],
    [6, 'ERR_QUEUE', {}],
  ])('leads to exit code %d: %s with cause %j', (exitCode, code, cause) => {
    const failure = readFailure(JSON.stringify({ part: 0, code, message: 'no', resumable: true, cause }));
    expect(exitCodeOf(new BatchError(failure.message, failure.code, { cause: failure.cause }))).toBe(
      exitCode,
    );
  });

  it('has no cause if the request did not fail, so that it does not look like an unreachable Redis', () => {
    const note = { code: 'ERR_QUEUE', message: 'no', resumable: true, cause: { code: 'ECONNREFUSED' } };
    expect(readFailure(JSON.stringify(note)).cause).toBeUndefined();
  });
});

it.each([
  [[6, 2, 0], 2],
  [[6, 7, 5], 7],
  [[5, 6, 8], 5],
  [[8, 6], 6],
  [[3, 4, 1], 1],
  [[3, 4, 7], 3],
  [[0, 8], 8],
  [[0, 0], 0],
  [[], 0],
] as const)('the worst exit code of %j is %d', (codes, worst) => {
  expect(worstOf(codes)).toBe(worst);
});
