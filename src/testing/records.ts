import { createConversationWriter } from './conversation.ts';
import { createHash } from './random.ts';
import type { CompletedContact, ConversationDetail } from './wire-types.ts';

/** The data of the simulator: every record is computed from the seed and its index, none is stored. */
export interface Dataset {
  /** How many records there are. */
  readonly size: number;
  /** The interval that holds all of them, epoch milliseconds, the end not included. */
  readonly start: number;
  readonly end: number;
  conversation(index: number): ConversationDetail;
  /** The conversations of indexes `from` to `to` (not included) as the inside of a JSON array. */
  conversationsJson(from: number, to: number, descending?: boolean): string;
  completedContact(index: number): CompletedContact;
  /** First index whose record starts at `time` or later. */
  firstStartingAt(time: number): number;
  /** First index whose record ends after `time`. */
  firstEndingAfter(time: number): number;
}

const SHORTEST_CALL = 60_000;
const WAVE = 2_400_000;
const CONTACT = 9;

/** Finds the first index in [0, size) for which `holds` is true; it must never become false again. */
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

/** Makes the data of one seed; `start` and `end` are epoch milliseconds. */
export function createDataset(seed: number, size: number, start: number, end: number): Dataset {
  const hash = createHash(seed);
  const writer = createConversationWriter(seed);
  const step = (end - start) / Math.max(size, 1);
  const startOf = (index: number) => start + Math.floor(index * step);
  // Durations follow a wave whose slope is below one: later starts never end earlier, so the records that
  // overlap an interval are one range of indexes and binary search finds it without looking at a record.
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
