/** The source of time for this package. Tests can replace it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since any moment, for durations: never set back, unlike {@link Clock.now}.
   * @default the sum of the forward steps of `now`
   */
  monotonic?(): number;
  /** Calls back once after a delay in milliseconds. */
  setTimeout(callback: () => void, delay: number): unknown;
  /** Cancels the timer that {@link Clock.setTimeout} returned. */
  clearTimeout(timer: unknown): void;
}

/** The system clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(performance.now()),
  // Node turns a longer delay into 1 ms.
  setTimeout: (callback, delay) => setTimeout(callback, Math.min(delay, 2 ** 31 - 1)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/**
 * Returns the function with which durations are measured: `monotonic` of the clock, or else the sum of the forward steps of `now`. Call it once
 * for times that are compared with each other.
 */
export function monotonicOf(clock: Clock): () => number {
  if (clock.monotonic) return clock.monotonic.bind(clock);
  let last = clock.now();
  let sum = 0;
  return () => {
    const now = clock.now();
    // A step back counts as no time.
    sum += Math.max(0, now - last);
    last = now;
    return sum;
  };
}

/** Resolves after a delay in milliseconds. Rejects with the signal's reason when the signal aborts. */
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

/** Milliseconds after which a timer counts as late. */
const LATE = 100;

/**
 * Runs work with a deadline. At the deadline the signal aborts and the promise rejects, even if the work ignores the signal.
 *
 * @param delay milliseconds.
 * @param expired creates the error to reject with.
 */
export function withDeadline<T>(
  clock: Clock,
  delay: number,
  expired: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const now = monotonicOf(clock);
    const due = now() + delay;
    const expire = () => {
      const error = expired();
      controller.abort(error);
      reject(error);
    };
    let timer = clock.setTimeout(() => {
      if (now() < due + LATE) return expire();
      // The process was suspended or busy. Timers run before I/O, so process responses that have already arrived first.
      timer = clock.setTimeout(expire, LATE);
    }, delay);
    // `async` turns a synchronous throw into a rejection.
    (async () => work(controller.signal))()
      .then(resolve, reject)
      .finally(() => clock.clearTimeout(timer));
  });
}
