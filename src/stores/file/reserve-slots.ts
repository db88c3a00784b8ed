/** The state of a shared rate. Times are in microseconds since the epoch, durations in microseconds. */
export interface RateState {
  /** The first time that is not reserved. */
  readonly next: number;
  /** The gap after the last reserved time. */
  readonly gap: number;
}

/** How far ahead times are reserved, in microseconds. A killed process loses the times that it had reserved. */
const HORIZON = 2_000_000;

// The longest gap that a rate can have.
const MAX_GAP = (2 ** 31 - 1) * 1_000;

/** Reserved times, and the state to store. */
interface Reservation {
  /** At most `count` times at which a request may be sent. */
  readonly slots: readonly number[];
  readonly state: RateState;
  /** When more times can be reserved: before the last reserved time, so that a late process wastes no time. */
  readonly retryAt: number;
}

/**
 * Reserves the times of requests: each request moves the time of the next one by a gap. Requests of different rates move it by their own
 * gaps, so that together they never exceed the highest of the rates.
 */
export function reserveSlots(
  stored: RateState | undefined,
  now: number,
  gap: number,
  count: number,
): Reservation {
  let next = stored && isPlausible(stored, now) ? Math.max(stored.next, now) : now;
  let last = stored?.gap ?? gap;
  const slots: number[] = [];
  for (; slots.length < count && next <= now + HORIZON; next += gap) {
    slots.push(next);
    last = gap;
  }
  return { slots, state: { next, gap: last }, retryAt: next - HORIZON / 2 };
}

/** Returns whether a process can have stored the state before now. Otherwise the clock was set back, or the state is damaged. */
function isPlausible({ next, gap }: RateState, now: number): boolean {
  return gap > 0 && gap <= MAX_GAP && next <= now + HORIZON + gap;
}
