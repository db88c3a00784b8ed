/** Time as this package sees it, so that tests can set it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after a delay in milliseconds. */
  setTimeout(callback: () => void, delay: number): unknown;
  /** Cancels a timer of {@link Clock.setTimeout}. Ignores undefined. */
  clearTimeout(timer: unknown): void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // A longer delay than a timer can hold would be none at all.
  setTimeout: (callback, delay) => setTimeout(callback, Math.min(delay, 2 ** 31 - 1)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Waits, and rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clock.clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delay);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

// Milliseconds.
const LATE = 100;

/**
 * Runs work that is told by a signal when its time is up, and rejects then whether or not the work listens.
 *
 * @param expired makes the error to reject with.
 */
export function withDeadline<T>(
  clock: Clock,
  delay: number,
  expired: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const due = clock.now() + delay;
    const expire = () => {
      const error = expired();
      controller.abort(error);
      reject(error);
    };
    let timer = clock.setTimeout(() => {
      if (clock.now() < due + LATE) return expire();
      // This process was stopped, asleep or busy, and timers come before answers that have been there for long.
      timer = clock.setTimeout(expire, LATE);
    }, delay);
    // `async` turns a synchronous throw of the caller's code into a rejection.
    (async () => work(controller.signal))()
      .then(resolve, reject)
      .finally(() => clock.clearTimeout(timer));
  });
}
