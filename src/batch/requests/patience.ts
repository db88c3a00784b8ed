import { type AxiosError, isAxiosError } from 'axios';
import { backoff, linkSignals, sleep, unlessAborted } from '../../core/internal.ts';
import { describeCause, retriesOf } from '../describe-failure.ts';
import type { Waiting } from '../progress.ts';
import { outageTooLong, throttledTooLong } from '../to-batch-error.ts';
import { askedWait, isOutage } from './outage.ts';
import type { RunClock } from './run-clock.ts';

/** Waits for the end of outages. Durations are in milliseconds. */
export interface Patience {
  /** Returns whether an outage that begins now is waited for. */
  isEnabled(): boolean;
  /**
   * Repeats an attempt while it fails because of an outage, if the API has answered in this run.
   *
   * @param attempt `isProbe` says whether an outage lasts: the attempt must then send one request only.
   * @param mayRepeat returns whether the failed request may be sent again.
   * @throws BatchError `ERR_REQUEST` after `maxOutage`, or `ERR_THROTTLED` if the API asks to wait for longer.
   */
  send<T>(attempt: (isProbe: boolean) => Promise<T>, mayRepeat: () => boolean): Promise<T>;
}

/** Whether the API has answered in this run. Only then, a run waits for the end of an outage. */
export interface Contact {
  hasAnswered: boolean;
}

export interface PatienceOptions {
  maxOutage: number;
  /** Whether the API has answered, which several exports can share. */
  contact: Contact;
  random: () => number;
  onWaiting: (waiting: Waiting | undefined) => void;
}

// The wait before the first probe. It doubles with each failed probe.
const BASE_DELAY = 1_000;
const MAX_DELAY = 60_000;

// The retries of an instance wait for this time at most, unless they are told otherwise.
const LONG_WAIT = 60_000;

/** An outage, from the first failure until a request succeeds. Times are by the monotonic clock. */
interface Outage {
  readonly startedAt: number;
  failures: number;
  /** When the next probe may be sent. */
  retryAt: number;
  /** Whether a request is the probe. The other requests wait for its outcome. */
  isProbed: boolean;
  readonly ended: AbortController;
}

/** Creates the patience of one run. All requests share an outage: one of them probes, and the others wait. */
export function createPatience({ clock, now, signal }: RunClock, options: PatienceOptions): Patience {
  const { maxOutage, contact, random, onWaiting } = options;
  let outage: Outage | undefined;
  const waiters: (() => void)[] = [];

  function wake(): void {
    for (const resume of waiters.splice(0)) resume();
  }

  function end(): void {
    if (!outage) return;
    outage.ended.abort();
    outage = undefined;
    onWaiting(undefined);
    wake();
  }

  /** Waits until a request may be sent. @returns the outage if the request is its probe. */
  async function enter(): Promise<Outage | undefined> {
    while (outage) {
      const current = outage;
      if (!current.isProbed) {
        current.isProbed = true;
        if (await sleepUntilRetry(current)) return current;
      } else {
        await unlessAborted(signal, new Promise<void>((resolve) => waiters.push(resolve)));
      }
    }
    return undefined;
  }

  /** @returns false if the outage ended during the wait, because a request that was sent before it succeeded. */
  async function sleepUntilRetry(current: Outage): Promise<boolean> {
    const { signal: ended } = current.ended;
    const { signal: either, unlink } = linkSignals(signal, ended);
    try {
      // The time can move: a request that was sent before the outage may fail during the wait.
      for (let left = current.retryAt - now(); left > 0; left = current.retryAt - now()) {
        await sleep(clock, left, either);
      }
    } catch (reason) {
      if (signal.aborted) throw reason;
    } finally {
      unlink();
    }
    return !ended.aborted;
  }

  function leave(probed: Outage | undefined): void {
    if (!probed) return;
    probed.isProbed = false;
    wake();
  }

  /** Counts a failure of an outage. @throws if the run must not wait for its end. */
  function fail(error: AxiosError, probed: Outage | undefined, repeats: number): void {
    const asked = askedWait(error, clock.now());
    if (!contact.hasAnswered || maxOutage === 0) {
      const isTooLong = asked > (maxOutage || LONG_WAIT) || (asked > 0 && retriesOf(error) === 0);
      throw isTooLong ? throttledTooLong(error, asked, clock.now(), maxOutage) : error;
    }
    // Requests that were sent before the outage fail with it, and count once.
    const isCounted = outage === undefined || probed === outage;
    outage ??= {
      startedAt: now(),
      failures: 0,
      retryAt: Number.NEGATIVE_INFINITY,
      isProbed: false,
      ended: new AbortController(),
    };
    const left = outage.startedAt + maxOutage - now();
    if (asked > Math.max(left, 0)) throw throttledTooLong(error, asked, clock.now(), maxOutage);
    if (left <= 0) throw outageTooLong(error, now() - outage.startedAt, repeats);
    const growing = isCounted ? Math.min(MAX_DELAY, left, backoff(outage.failures++, BASE_DELAY, random)) : 0;
    outage.retryAt = Math.max(outage.retryAt, now() + Math.max(asked, growing));
    onWaiting({
      reason: describeCause(error),
      retryAt: clock.now() + outage.retryAt - now(),
      until: clock.now() + left,
    });
  }

  return {
    isEnabled: () => contact.hasAnswered && maxOutage > 0,
    async send(attempt, mayRepeat) {
      for (let repeats = 0; ; repeats++) {
        const probed = await enter();
        try {
          const result = await attempt(probed !== undefined);
          contact.hasAnswered = true;
          end();
          return result;
        } catch (error) {
          if (!isOutage(error)) {
            // The API responds again.
            if (isAxiosError(error) && error.response) end();
            throw error;
          }
          fail(error, probed, repeats);
          if (!mayRepeat()) throw error;
        } finally {
          leave(probed);
        }
      }
    },
  };
}
