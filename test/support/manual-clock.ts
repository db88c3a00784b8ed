import type { Clock } from '../../src/core/clock.ts';

/** A clock that only advances on command. */
export interface ManualClock extends Clock {
  /** Advances by milliseconds, runs due timers in order and lets promises settle between them. */
  advance(milliseconds: number): Promise<void>;
  /** The number of pending timers. */
  readonly pending: number;
}

export function createManualClock(start = 1_700_000_000_000): ManualClock {
  let time = start;
  let id = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();

  return {
    now: () => time,
    setTimeout(callback, delay) {
      timers.set(++id, { at: time + delay, callback });
      return id;
    },
    clearTimeout: (timer) => void timers.delete(timer as number),
    get pending() {
      return timers.size;
    },
    async advance(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        await settle();
        const next = [...timers].sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (!next || next[1].at > end) break;
        timers.delete(next[0]);
        time = Math.max(time, next[1].at);
        next[1].callback();
      }
      time = end;
      await settle();
    },
  };
}

/** Advances the clock until the promise is settled, which may need I/O too. */
export async function advanceUntil<T>(result: Promise<T>, clock: ManualClock): Promise<T> {
  let isSettled = false;
  const onEnd = () => {
    isSettled = true;
  };
  result.then(onEnd, onEnd);
  while (!isSettled) await clock.advance(10);
  return result;
}

/** Waits until every promise that needs no timer and no I/O is settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
