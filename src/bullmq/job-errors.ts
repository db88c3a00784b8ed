import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { isScopeRefusal } from '../core/internal.ts';
import { isQueueError } from './queue-error.ts';

// A user must decide what to do with the existing data, or the API asks to wait for longer than all attempts take.
const FINAL_CODES = [
  'ERR_CHECKPOINT_DAMAGED',
  'ERR_CHECKPOINT_MISMATCH',
  'ERR_OUTPUT_EXISTS',
  'ERR_THROTTLED',
];

/** Returns whether another attempt of the job can succeed without a change by the user. */
export function isWorthAnotherAttempt(error: Error): boolean {
  if (!(error instanceof BatchError) || error.permanent || FINAL_CODES.includes(error.code)) return false;
  const { cause } = error;
  const { status = 0, headers } = (isAxiosError(cause) && cause.response) || {};
  // Includes other 401s: a job can meet tokens that are revoked repeatedly, and later attempts can succeed.
  if (isScopeRefusal(headers)) return false;
  return !(status >= 400 && status < 500) || [401, 408, 425, 429].includes(status);
}

/** Returns whether another worker has the job, or may have it because Redis did not answer. This worker must not report a result then. */
export function isLost(error: Error): boolean {
  return (error instanceof BatchError && error.code === 'ERR_LOCKED') || isQueueError(error);
}
