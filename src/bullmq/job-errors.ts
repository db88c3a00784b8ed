import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { isQueueError } from './queue-error.ts';

// The same would come of it again, however often it is tried.
const FINAL_CODES = [
  'ERR_CHECKPOINT_DAMAGED',
  'ERR_CHECKPOINT_MISMATCH',
  'ERR_OUTPUT_EXISTS',
  'ERR_PAGE_LOOP',
];

/** Tells whether a job that ended with this error may do better when it is tried again by itself. */
export function isWorthAnotherTry(error: Error): boolean {
  if (!(error instanceof BatchError) || !error.resumable || FINAL_CODES.includes(error.code)) return false;
  const { cause } = error;
  const status = isAxiosError(cause) ? (cause.response?.status ?? 0) : 0;
  // A 401 as well: when all tokens are revoked again and again, a moment comes when they are not.
  return !(status >= 400 && status < 500) || [401, 408, 425, 429].includes(status);
}

/** Tells whether the job is somebody else's by now, or may be because Redis did not answer: its end is not for this worker to tell. */
export function isLost(error: Error): boolean {
  return (error instanceof BatchError && error.code === 'ERR_LOCKED') || isQueueError(error);
}
