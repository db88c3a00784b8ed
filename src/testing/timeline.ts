import { HOUR } from './iso-time.ts';
import { type Hash, STREAMS } from './random.ts';

/** A share of the conversations that is late. */
export interface Lateness {
  /** The share of the conversations, 0 to 1. The seed determines which ones. */
  share: number;
  /** The longest delay in milliseconds. Each of the conversations has a delay of its own. @default 12 hours */
  delay?: number;
}

/**
 * The state of a conversation. `waiting` and `answered`: the conversation has not ended. `withoutWrapUp`, `withoutAgent` and `withAlert`:
 * it has ended, and will get a wrap-up code, get a participant, or lose a segment.
 */
export type Stage = 'waiting' | 'answered' | 'withoutWrapUp' | 'withoutAgent' | 'withAlert' | 'final';

/** Which conversations are long or late. */
export interface TimelineSettings {
  longConversations?: number;
  lateChanges?: Required<Lateness>;
  lateArrivals?: Required<Lateness>;
}

/** The times of each conversation, computed from the seed and its index, in epoch milliseconds. */
export interface Timeline {
  startOf(index: number): number;
  endOf(index: number): number;
  /** Returns the time of the last change, at the end of the conversation or later, that is visible at `at`. */
  updatedAt(index: number, at: number): number;
  /** Returns the state at `at`, or undefined if the API does not return the conversation yet. */
  stageAt(index: number, at: number): Stage | undefined;
  /** Returns the first index whose conversation begins at `time` or later. */
  firstStartingAt(time: number): number;
  /** Returns an index before which every conversation has ended at `time`. */
  firstEndingAfter(time: number): number;
  /** Whether conversations end in the order of their start, so that each one from `firstEndingAfter` on ends after the time. */
  readonly endsInOrder: boolean;
}

const SHORTEST_CALL = 60_000;
const WAVE = 2_400_000;
const SHORTEST_LONG = HOUR;
const LONGEST = 30 * HOUR;

const STAGES_BEFORE_CHANGE: readonly Stage[] = ['withoutWrapUp', 'withoutAgent', 'withAlert'];

/** Creates the timeline of `size` conversations that begin between `start` and `end`. */
export function createTimeline(
  size: number,
  start: number,
  end: number,
  { longConversations = 0, lateChanges, lateArrivals }: TimelineSettings,
  hash: Hash,
): Timeline {
  const step = (end - start) / Math.max(size, 1);
  const startOf = (index: number) => start + Math.floor(index * step);

  const durationOf = (index: number, from: number) => {
    const fraction = longConversations > 0 ? hash.fraction(STREAMS.long, index) : 1;
    // Below the share, the fraction divided by the share is again an even number from 0 to 1.
    if (fraction < longConversations)
      return SHORTEST_LONG + Math.floor((fraction / longConversations) * (LONGEST - SHORTEST_LONG));
    // Durations follow a wave with a slope below 1, so that a conversation that starts later never ends earlier. The conversations
    // of an interval are then one range of indexes, which binary search finds.
    return SHORTEST_CALL + Math.floor(Math.abs((from % WAVE) - WAVE / 2) / 2);
  };
  const endOf = (index: number) => {
    const from = startOf(index);
    return Math.min(end, from + durationOf(index, from));
  };
  const delayOf = (lateness: Required<Lateness> | undefined, stream: number, index: number) => {
    if (!lateness) return 0;
    const { share, delay } = lateness;
    const fraction = hash.fraction(stream, index);
    return fraction < share ? Math.ceil((1 - fraction / share) * delay) : 0;
  };
  const appearsAt = (index: number) => startOf(index) + delayOf(lateArrivals, STREAMS.arrival, index);
  const finalAt = (index: number) => endOf(index) + delayOf(lateChanges, STREAMS.change, index);
  const firstStartingAt = (time: number) => lowerBound(size, (index) => startOf(index) >= time);
  const endsInOrder = longConversations === 0;

  return {
    startOf,
    endOf,
    updatedAt(index, at) {
      const final = finalAt(index);
      return Math.max(final <= at ? final : endOf(index), appearsAt(index));
    },
    stageAt(index, at) {
      if (at === Number.POSITIVE_INFINITY) return 'final';
      if (appearsAt(index) > at) return undefined;
      const from = startOf(index);
      const to = endOf(index);
      if (to > at) return at < answeredAt(from, to) ? 'waiting' : 'answered';
      if (finalAt(index) <= at) return 'final';
      return STAGES_BEFORE_CHANGE[hash.int(STREAMS.change, index) % STAGES_BEFORE_CHANGE.length];
    },
    firstStartingAt,
    firstEndingAfter: endsInOrder
      ? (time) => lowerBound(size, (index) => endOf(index) > time)
      : (time) => firstStartingAt(time - LONGEST),
    endsInOrder,
  };
}

/** Returns when an agent answers a conversation. */
export function answeredAt(start: number, end: number): number {
  return start + Math.floor((end - start) / 8);
}

/** Returns the first index in [0, size) for which `holds` is true. `holds` must be true for all later indexes. */
function lowerBound(size: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
