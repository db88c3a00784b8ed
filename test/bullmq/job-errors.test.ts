import { AxiosError, type AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import { BatchError } from '../../src/batch/errors.ts';
import { isWorthAnotherTry } from '../../src/bullmq/job-errors.ts';

const answered = (status: number) => {
  const response = { status } as AxiosResponse;
  const cause = new AxiosError('answered', 'ERR_BAD_REQUEST', undefined, undefined, response);
  return new BatchError('answered', 'ERR_REQUEST', { cause });
};

describe('a job that failed', () => {
  it.each([401, 408, 429, 500, 503])('is tried again after %i: it passes', (status) => {
    expect(isWorthAnotherTry(answered(status))).toBe(true);
  });

  it.each([400, 403, 404])('is not tried again after %i: it stays', (status) => {
    expect(isWorthAnotherTry(answered(status))).toBe(false);
  });

  it('is not tried again when somebody has to decide', () => {
    expect(isWorthAnotherTry(new BatchError('there', 'ERR_OUTPUT_EXISTS'))).toBe(false);
    expect(isWorthAnotherTry(new BatchError('never', 'ERR_JOB', { resumable: false }))).toBe(false);
    expect(isWorthAnotherTry(new Error('a fault'))).toBe(false);
  });
});
