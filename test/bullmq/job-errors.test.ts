import { AxiosError, type AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import { BatchError } from '../../src/batch/errors.ts';
import { isWorthAnotherAttempt } from '../../src/bullmq/job-errors.ts';

const answered = (status: number) => {
  const response = { status } as AxiosResponse;
  const cause = new AxiosError('answered', 'ERR_BAD_REQUEST', undefined, undefined, response);
  return new BatchError('answered', 'ERR_REQUEST', { cause });
};

describe('isWorthAnotherAttempt', () => {
  it.each([401, 408, 429, 500, 503])('returns true for status %i, which can pass', (status) => {
    expect(isWorthAnotherAttempt(answered(status))).toBe(true);
  });

  it.each([400, 403, 404])('returns false for status %i, which is permanent', (status) => {
    expect(isWorthAnotherAttempt(answered(status))).toBe(false);
  });

  it('returns false for errors that a user must fix', () => {
    expect(isWorthAnotherAttempt(new BatchError('there', 'ERR_OUTPUT_EXISTS'))).toBe(false);
    expect(isWorthAnotherAttempt(new BatchError('never', 'ERR_JOB', { resumable: false }))).toBe(false);
    expect(isWorthAnotherAttempt(new Error('a fault'))).toBe(false);
  });
});
