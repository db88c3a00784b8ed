import { createConversationWriter } from './conversation.ts';
import { createHash } from './random.ts';
import type { CompletedContact, ConversationDetail } from './wire-types.ts';

/** The data of the simulator. Each record is computed from the seed and its index, so that none is stored. */
export interface Dataset {
  /** The number of records. */
  readonly size: number;
  /** The interval of all records in epoch milliseconds, excluding the end. */
  readonly start: number;
  readonly end: number;
  conversation(index: number): ConversationDetail;
  /** Returns the conversations from `from` up to, but excluding, `to` as the elements of a JSON array. */
  conversationsJson(from: number, to: number, descending?: boolean): string;
  completedContact(index: number): CompletedContact;
  /** Returns the first index whose record starts at `time` or later. */
  firstStartingAt(time: number): number;
  /** Returns the first index whose record ends after `time`. */
  firstEndingAfter(time: number): number;
}

const SHORTEST_CALL = 60_000;
const WAVE = 2_400_000;
const CONTACT = 9;

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

/** Creates the data of one seed. `start` and `end` are epoch milliseconds. */
export function createDataset(seed: number, size: number, start: number, end: number): Dataset {
  const hash = createHash(seed);
  const writer = createConversationWriter(seed);
  const step = (end - start) / Math.max(size, 1);
  const startOf = (index: number) => start + Math.floor(index * step);
  // Durations follow a wave with a slope below 1, so that a record that starts later never ends earlier. The records of an interval
  // are then one range of indexes, which binary search finds.
  const endOf = (startTime: number) =>
    Math.min(end, startTime + SHORTEST_CALL + Math.floor(Math.abs((startTime % WAVE) - WAVE / 2) / 2));

  return {
    size,
    start,
    end,
    conversation(index) {
      const from = startOf(index);
      return writer.toObject(index, from, endOf(from));
    },
    conversationsJson(from, to, descending = false) {
      let json = '';
      for (let n = from; n < to; n++) {
        const index = descending ? to - 1 - (n - from) : n;
        const time = startOf(index);
        json += (n === from ? '' : ',') + writer.toJson(index, time, endOf(time));
      }
      return json;
    },
    completedContact(index) {
      const from = startOf(index);
      const to = endOf(from);
      const word = hash.int(CONTACT, index);
      const endText = new Date(to).toISOString();
      return {
        contactId: 1_000_000_000 + index,
        masterContactId: 1_000_000_000 + index,
        contactStart: new Date(from).toISOString(),
        contactEnd: endText,
        lastUpdateTime: endText,
        agentId: 1_000 + (word & 63),
        skillId: 4_000 + ((word >>> 6) & 15),
        mediaTypeName: 'Call',
        endReason: (word >>> 10) & 1 ? 'Agent Hung Up' : 'Contact Hung Up',
        totalDurationSeconds: Math.round((to - from) / 1000),
        abandoned: (word >>> 11) % 20 === 0,
      };
    },
    firstStartingAt: (time) => lowerBound(size, (index) => startOf(index) >= time),
    firstEndingAfter: (time) => lowerBound(size, (index) => endOf(startOf(index)) > time),
  };
}
