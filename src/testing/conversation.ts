import { createIsoWriter } from './iso-time.ts';
import { createHash, type Hash, STREAMS } from './random.ts';
import { answeredAt, type Stage } from './timeline.ts';
import type { ConversationDetail } from './wire-types.ts';

/** The users and queues of the organization. */
export const USERS = 64;
export const QUEUES = 16;

const WRAP_UPS = ['resolved', 'callback', 'transferred', 'voicemail'];
const RARE_MEDIA = ['chat', 'email', 'callback', 'message'];

/** The fields that distinguish two conversations. */
interface Fields {
  id: string;
  start: string;
  end: string;
  answered: string;
  mediaType: string;
  direction: string;
  customer: string;
  agent: string;
  callerSession: string;
  agentSession: string;
  ani: string;
  user: string;
  queue: string;
  wrapUp: string;
  disconnect: string;
}

/** Creates the conversation records of one seed, as objects or as JSON. */
export interface ConversationWriter {
  toObject(index: number, start: number, end: number, stage: Stage): ConversationDetail;
  /** Returns the JSON of the same record, several times faster than `JSON.stringify` for final records. */
  toJson(index: number, start: number, end: number, stage: Stage): string;
}

/** Creates the writer of one seed. */
export function createConversationWriter(seed: number): ConversationWriter {
  const hash = createHash(seed);
  const queues = uuids(hash, STREAMS.queue, QUEUES);
  const iso = createIsoWriter();
  const users = uuids(hash, STREAMS.user, USERS);

  const fieldsOf = (index: number, start: number, end: number): Fields => {
    const word = hash.int(STREAMS.entity, index);
    return {
      id: hash.uuid(STREAMS.conversation, index),
      start: iso(start),
      end: iso(end),
      answered: iso(answeredAt(start, end)),
      mediaType: (word & 31) === 0 ? (RARE_MEDIA[(word >>> 5) & 3] ?? 'chat') : 'voice',
      direction: (word >>> 8) % 5 === 0 ? 'outbound' : 'inbound',
      customer: hash.uuid(STREAMS.customer, index),
      agent: hash.uuid(STREAMS.agent, index),
      callerSession: hash.uuid(STREAMS.session, index * 2),
      agentSession: hash.uuid(STREAMS.session, index * 2 + 1),
      ani: `tel:+1317555${1000 + (hash.int(STREAMS.phone, index) % 9000)}`,
      user: users[(word >>> 12) & 63] ?? '',
      queue: queues[(word >>> 19) & 15] ?? '',
      wrapUp: WRAP_UPS[(word >>> 23) & 3] ?? 'resolved',
      disconnect: (word >>> 18) & 1 ? 'client' : 'peer',
    };
  };

  return {
    toObject: (index, start, end, stage) => toObject(fieldsOf(index, start, end), stage),
    toJson(index, start, end, stage) {
      const fields = fieldsOf(index, start, end);
      return stage === 'final' ? toJson(fields) : JSON.stringify(toObject(fields, stage));
    },
  };
}

function uuids(hash: Hash, stream: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => hash.uuid(stream, n));
}

function toObject(f: Fields, stage: Stage): ConversationDetail {
  const session = { mediaType: f.mediaType, direction: f.direction };
  const hasEnded = stage !== 'waiting' && stage !== 'answered';
  const segmentEnd = hasEnded && { segmentEnd: f.end };
  const customer = {
    participantId: f.customer,
    purpose: 'customer',
    sessions: [
      {
        sessionId: f.callerSession,
        ...session,
        ani: f.ani,
        segments: [{ segmentStart: f.start, ...segmentEnd, segmentType: 'interact' }],
      },
    ],
  };
  const agent = {
    participantId: f.agent,
    purpose: 'agent',
    userId: f.user,
    sessions: [
      {
        sessionId: f.agentSession,
        ...session,
        segments: [
          ...(stage === 'withAlert'
            ? [{ segmentStart: f.start, segmentEnd: f.answered, segmentType: 'alert', queueId: f.queue }]
            : []),
          {
            segmentStart: f.answered,
            ...segmentEnd,
            segmentType: 'interact',
            ...(hasEnded && { disconnectType: f.disconnect }),
            queueId: f.queue,
            ...(hasEnded && stage !== 'withoutWrapUp' && { wrapUpCode: f.wrapUp }),
          },
        ],
      },
    ],
  };
  const hasAgent = stage !== 'waiting' && stage !== 'withoutAgent';
  return {
    conversationId: f.id,
    conversationStart: f.start,
    ...(hasEnded && { conversationEnd: f.end }),
    originatingDirection: f.direction,
    participants: hasAgent ? [customer, agent] : [customer],
  };
}

// No value needs escaping: all values are hexadecimal, dates or words from the lists above. A test compares the result with toObject.
function toJson(f: Fields): string {
  const session = `"mediaType":"${f.mediaType}","direction":"${f.direction}"`;
  return `{"conversationId":"${f.id}","conversationStart":"${f.start}","conversationEnd":"${f.end}","originatingDirection":"${f.direction}","participants":[{"participantId":"${f.customer}","purpose":"customer","sessions":[{"sessionId":"${f.callerSession}",${session},"ani":"${f.ani}","segments":[{"segmentStart":"${f.start}","segmentEnd":"${f.end}","segmentType":"interact"}]}]},{"participantId":"${f.agent}","purpose":"agent","userId":"${f.user}","sessions":[{"sessionId":"${f.agentSession}",${session},"segments":[{"segmentStart":"${f.answered}","segmentEnd":"${f.end}","segmentType":"interact","disconnectType":"${f.disconnect}","queueId":"${f.queue}","wrapUpCode":"${f.wrapUp}"}]}]}]}`;
}
