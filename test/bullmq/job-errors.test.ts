import { AxiosError, type AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import { BatchError } from '../../src/batch/errors.ts';
import { isWorthRetrying } from '../../src/bullmq/job-errors.ts';

const answered = (status: number) => {
  const response = { status } as AxiosResponse;
  const cause = new AxiosError('answered', 'ERR_BAD_REQUEST', undefined, undefined, response);
  return new BatchError('answered', 'ERR_REQUEST', { cause });
};

describe('isWorthRetrying', () => {
  it.each([401, 408, 429, 500, 503])('returns true for status %i, which can pass', (status) => {
    expect(isWorthRetrying(answered(status))).toBe(true);
  });

  it.each([400, 403, 404])('returns false for status %i, which is permanent', (status) => {
    expect(isWorthRetrying(answered(status))).toBe(false);
  });

  it('returns false for errors that a user must fix', () => {
    expect(isWorthRetrying(new BatchError('there', 'ERR_OUTPUT_EXISTS'))).toBe(false);
    expect(isWorthRetrying(new BatchError('never', 'ERR_JOB', { resumable: false }))).toBe(false);
    expect(isWorthRetrying(new Error('a fault'))).toBe(false);
  });
});
