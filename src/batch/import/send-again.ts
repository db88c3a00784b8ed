import type { Clock } from '../../core/index.ts';
import { backoff, monotonicOf, sleep } from '../../core/internal.ts';
import type { Waiting } from '../progress.ts';

// The longest wait that the API need not ask for, in milliseconds.
const LONG_WAIT = 60_000;

/** What happened to records when they were sent before. */
export interface Tries {
  /** How often the outcome was unknown. */
  readonly lost: number;
  /** How often the API did not accept them for a temporary reason. */
  readonly postponed: number;
  /** When that happened first, by the monotonic clock. */
  readonly since?: number;
  /** Milliseconds to wait. @default grows with `lost` */
  readonly wait?: number | undefined;
}

export const FIRST: Tries = { lost: 0, postponed: 0 };

/** Returns the tries after a request with an unknown outcome. */
export function afterLoss(tries: Tries): Tries {
  return { ...tries, lost: tries.lost + 1, wait: undefined };
}

/** Decides whether and when records are sent again. */
export interface SendAgain {
  /** Waits until records may be sent. */
  wait(tries: Tries): Promise<void>;
  /**
   * Plans to send records again that the API did not accept for a temporary reason.
   *
   * @param asked how long the API asks to wait, in milliseconds.
   * @returns undefined if `retries` and `maxOutage` are used up.
   */
  postpone(tries: Tries, reason: string, asked?: number): Tries | undefined;
}

/** Durations are in milliseconds. */
export interface SendAgainOptions {
  /** How often records may be sent again. */
  retries: number;
  /** How long records are sent again that the API does not accept for a temporary reason, although `retries` is used up. */
  maxOutage: number;
  onWaiting: (waiting: Waiting | undefined) => void;
  /** Delay before records are first sent again; doubles each time. */
  baseDelay: number;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
}

export function createSendAgain(options: SendAgainOptions): SendAgain {
  const { retries, maxOutage, baseDelay, clock, random, onWaiting, signal } = options;
  const now = monotonicOf(clock);
  return {
    async wait({ lost, postponed, wait }) {
      if (lost + postponed === 0) return;
      await sleep(clock, wait ?? backoff(lost - 1, baseDelay, random), signal);
      if (wait !== undefined) onWaiting(undefined);
    },
    postpone(tries, reason, asked = 0) {
      const since = tries.since ?? now();
      const left = since + maxOutage - now();
      const isOutage = tries.postponed >= retries;
      if ((isOutage && left <= 0) || asked > Math.max(left, LONG_WAIT)) return undefined;
      const growing = Math.min(LONG_WAIT, backoff(tries.postponed, baseDelay, random));
      const wait = Math.max(asked, isOutage ? Math.min(growing, left) : growing);
      if (isOutage || asked > 0) {
        onWaiting({ reason, retryAt: clock.now() + wait, until: clock.now() + Math.max(left, wait) });
      }
      return { ...tries, postponed: tries.postponed + 1, since, wait };
    },
  };
}
