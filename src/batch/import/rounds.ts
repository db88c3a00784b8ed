import type { Clock } from '../../core/index.ts';
import { backoff, monotonicOf, sleep } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Waiting } from '../progress.ts';

/** How often records were sent, and what the API answered so far. */
export interface Round {
  /** How often the records were sent before. */
  readonly attempt: number;
  /** When the API first refused the records for a temporary reason, by the monotonic clock. */
  readonly since?: number | undefined;
  /** Whether the API accepted or refused other records of the same batch for good, so that the API is not out of order. */
  readonly isPartial: boolean;
  /** Whether a response was lost, so that the API may have the records. */
  readonly isLost: boolean;
  /** How long the API asks to wait, in milliseconds. */
  readonly asked?: number | undefined;
  /** Why the API refused the records for a temporary reason. */
  readonly reason?: string | undefined;
}

export const FIRST_ROUND: Round = { attempt: 0, isPartial: false, isLost: false };

/** Durations are in milliseconds. */
export interface RoundsOptions {
  stop: AbortSignal;
  /** How often records may be sent again. */
  retries: number;
  /** Delay before records are first sent again; doubles each time. */
  baseDelay: number;
  /** How long records that the API refuses for a temporary reason are sent again, also after `retries`. */
  maxOutage: number;
  clock: Clock;
  random: () => number;
  /** Called when the records of a round wait for longer than between ordinary attempts, and with undefined when the wait is over. */
  onWaiting: (waiting: Waiting | undefined) => void;
}

/** Decides how often and when records are sent again. */
export interface Rounds {
  /** Waits before the records of a round are sent. */
  wait(round: Round): Promise<void>;
  /** Returns the round after a temporary refusal; undefined if the records may not be sent again. */
  next(round: Round): Round | undefined;
}

// The delays after `retries`. A base delay of 0 must not send requests without a pause.
const SHORTEST = 1_000;
const LONGEST = 60_000;

export function createRounds(options: RoundsOptions): Rounds {
  const { stop, retries, baseDelay, maxOutage, clock, random, onWaiting } = options;
  const now = monotonicOf(clock);
  const leftOf = (since: number) => Math.max(0, since + maxOutage - now());

  return {
    async wait({ attempt, since, asked = 0, reason = '' }) {
      if (attempt === 0) return;
      const growing = backoff(Math.min(attempt - 1, 30), baseDelay, random);
      const isLate = since !== undefined && attempt > retries;
      const own = isLate ? Math.min(LONGEST, Math.max(SHORTEST, growing), leftOf(since)) : growing;
      const delay = Math.max(asked, own);
      if (since === undefined || !(isLate || asked > 0)) return sleep(clock, delay, stop);
      const now = clock.now();
      onWaiting({ reason, retryAt: now + delay, until: now + Math.max(leftOf(since), delay) });
      await sleep(clock, delay, stop);
      onWaiting(undefined);
    },
    next(round) {
      const { attempt, since = now(), asked = 0 } = round;
      const left = leftOf(since);
      const longest = attempt < retries ? Math.max(left, LONGEST) : left;
      const mayRepeat = (attempt < retries || left > 0) && asked <= longest;
      return mayRepeat ? { ...round, attempt: attempt + 1, since } : undefined;
    },
  };
}

/** Returns the error of a run whose API refuses all records of a request for a temporary reason. */
export function temporarilyRefused(reason: string, status: number | undefined, times: number): BatchError {
  const stated = status === undefined ? '' : ` (status ${status})`;
  return new BatchError(
    `the API refused all records of a request for a temporary reason, ${times} times: ${reason}${stated}. The records stay waiting. ` +
      'Run the same import again later. To wait for longer, raise maxOutage (--max-outage).',
    status === 429 ? 'ERR_THROTTLED' : 'ERR_REQUEST',
  );
}
