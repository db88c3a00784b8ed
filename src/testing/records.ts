import { createConversationWriter } from './conversation.ts';
import { createHash, STREAMS } from './random.ts';
import { createTimeline, type Stage, type Timeline, type TimelineSettings } from './timeline.ts';
import type { CompletedContact, ConversationDetail } from './wire-types.ts';

/** Which conversations become JSON, and in which order. */
interface JsonOptions {
  at?: number;
  matches?: ((index: number) => boolean) | undefined;
  descending?: boolean;
}

/**
 * The data of the simulator. Each record is computed from the seed and its index, so that none is stored. `at` is the time at which the
 * data are read, in epoch milliseconds. The default is `Infinity`: the final data.
 */
export interface Dataset extends Timeline {
  /** The number of records. */
  readonly size: number;
  /** The interval of all records in epoch milliseconds, excluding the end. */
  readonly start: number;
  readonly end: number;
  /** Returns a conversation, or undefined if it has not appeared at `at`. */
  conversation(index: number, at?: number): ConversationDetail | undefined;
  /** Returns the conversations from `from` up to, but excluding, `to` as the elements of a JSON array. */
  conversationsJson(from: number, to: number, options?: JsonOptions): string;
  /** Returns a contact, or undefined if it is not completed or has not appeared at `at`. */
  completedContact(index: number, at?: number): CompletedContact | undefined;
}

/** Creates the data of one seed. `start` and `end` are epoch milliseconds. */
export function createDataset(
  seed: number,
  size: number,
  start: number,
  end: number,
  settings: TimelineSettings = {},
): Dataset {
  const hash = createHash(seed);
  const writer = createConversationWriter(seed);
  const timeline = createTimeline(size, start, end, settings, hash);
  const { startOf, endOf, stageAt, updatedAt } = timeline;

  return {
    ...timeline,
    size,
    start,
    end,
    conversation(index, at = Number.POSITIVE_INFINITY) {
      const stage = stageAt(index, at);
      return stage && writer.toObject(index, startOf(index), endOf(index), stage);
    },
    conversationsJson(from, to, { at = Number.POSITIVE_INFINITY, matches, descending = false } = {}) {
      let json = '';
      for (let n = from; n < to; n++) {
        const index = descending ? to - 1 - (n - from) : n;
        if (matches && !matches(index)) continue;
        const stage = stageAt(index, at);
        if (!stage) continue;
        json += (json === '' ? '' : ',') + writer.toJson(index, startOf(index), endOf(index), stage);
      }
      return json;
    },
    completedContact(index, at = Number.POSITIVE_INFINITY) {
      const from = startOf(index);
      const to = endOf(index);
      const stage = stageAt(index, at);
      if (!stage || to > at) return undefined;
      const word = hash.int(STREAMS.contact, index);
      return {
        contactId: 1_000_000_000 + index,
        masterContactId: 1_000_000_000 + index,
        contactStart: new Date(from).toISOString(),
        contactEnd: new Date(to).toISOString(),
        lastUpdateTime: new Date(updatedAt(index, at)).toISOString(),
        agentId: 1_000 + (word & 63),
        skillId: 4_000 + ((word >>> 6) & 15),
        mediaTypeName: 'Call',
        endReason: endReasonOf(word, stage),
        totalDurationSeconds: Math.round((to - from) / 1000),
        abandoned: (word >>> 11) % 20 === 0,
      };
    },
  };
}

function endReasonOf(word: number, stage: Stage): string {
  if (stage !== 'final') return 'Unknown';
  return (word >>> 10) & 1 ? 'Agent Hung Up' : 'Contact Hung Up';
}
