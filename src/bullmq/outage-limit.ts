import { BatchError } from '../batch/index.ts';
import { isOutage, RUN_DEFAULTS } from '../batch/internal.ts';
import { monotonicOf, systemClock } from '../core/internal.ts';

/**
 * Limits how long a worker repeats parts whose first request fails, without counting attempts. Within a part, the run waits for the end of
 * an outage. A part that begins during an outage has no answer yet, and would use up its attempts in a minute.
 */
export interface OutageLimit {
  /** Notes that the API answered this worker. */
  answered(): void;
  /** Returns whether an error is an outage that does not count as an attempt. */
  allows(error: Error): boolean;
}

/** @param maxOutage in milliseconds. */
export function limitOutages(maxOutage: number = RUN_DEFAULTS.maxOutage): OutageLimit {
  const now = monotonicOf(systemClock);
  let answeredAt = Number.NEGATIVE_INFINITY;
  return {
    answered() {
      answeredAt = now();
    },
    allows(error) {
      const isUnanswered =
        error instanceof BatchError && error.code === 'ERR_REQUEST' && isOutage(error.cause);
      return isUnanswered && now() - answeredAt < maxOutage;
    },
  };
}
