import { isObject } from './http.ts';
import type {
  ConversationDetail,
  ConversationParticipant,
  ConversationSegment,
  ConversationSession,
} from './wire-types.ts';

/** Returns whether a conversation matches the filters of a query. */
export type ConversationMatch = (conversation: ConversationDetail) => boolean;

/** A segment, with its session, participant and conversation. */
interface Part {
  conversation: ConversationDetail;
  participant: ConversationParticipant;
  session: ConversationSession;
  segment: ConversationSegment;
}

type Match<T> = (value: T) => boolean;
type Dimension = (part: Part) => string | undefined;

const DIMENSIONS: Readonly<Record<string, Dimension>> = {
  conversationId: ({ conversation }) => conversation.conversationId,
  originatingDirection: ({ conversation }) => conversation.originatingDirection,
  participantId: ({ participant }) => participant.participantId,
  purpose: ({ participant }) => participant.purpose,
  userId: ({ participant }) => participant.userId,
  sessionId: ({ session }) => session.sessionId,
  mediaType: ({ session }) => session.mediaType,
  direction: ({ session }) => session.direction,
  ani: ({ session }) => session.ani,
  segmentType: ({ segment }) => segment.segmentType,
  disconnectType: ({ segment }) => segment.disconnectType,
  queueId: ({ segment }) => segment.queueId,
  wrapUpCode: ({ segment }) => segment.wrapUpCode,
};

// The data has no evaluations, surveys or resolutions.
const UNSUPPORTED = ['evaluationFilters', 'surveyFilters', 'resolutionFilters'];

/**
 * Reads the filters of a details query or a details job. A conversation matches `conversationFilters` if the values of any of its segments
 * match, and `segmentFilters` if one of its segments matches all of them.
 *
 * @returns undefined if there are no filters; a message if a filter is wrong or not supported.
 */
export function readFilters(
  query: Readonly<Record<string, unknown>>,
): ConversationMatch | undefined | string {
  try {
    return toMatch(query);
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}

class FilterError extends Error {}

function toMatch(query: Readonly<Record<string, unknown>>): ConversationMatch | undefined {
  for (const name of UNSUPPORTED) {
    if (listOf(query[name], name).length > 0)
      throw new FilterError(`The simulator does not support ${name}.`);
  }
  const ofConversation = readList(query.conversationFilters, 'conversationFilters', anyPart);
  const ofSegment = readList(query.segmentFilters, 'segmentFilters', (matches: Match<Part>) => matches);
  if (ofConversation.length === 0 && ofSegment.length === 0) return undefined;
  return (conversation) => {
    const parts = [...partsOf(conversation)];
    return (
      ofConversation.every((matches) => matches(parts)) &&
      (ofSegment.length === 0 || parts.some((part) => ofSegment.every((matches) => matches(part))))
    );
  };
}

const anyPart =
  (matches: Match<Part>): Match<readonly Part[]> =>
  (parts) =>
    parts.some(matches);

function* partsOf(conversation: ConversationDetail): Generator<Part> {
  for (const participant of conversation.participants) {
    for (const session of participant.sessions) {
      for (const segment of session.segments) yield { conversation, participant, session, segment };
    }
  }
}

type Lift<T> = (matches: Match<Part>) => Match<T>;

function readList<T>(value: unknown, path: string, lift: Lift<T>): Match<T>[] {
  return listOf(value, path).map((filter, n) => readFilter(filter, `${path}[${n}]`, lift));
}

function readFilter<T>(filter: unknown, path: string, lift: Lift<T>): Match<T> {
  if (!isObject(filter) || (filter.type !== 'and' && filter.type !== 'or'))
    throw new FilterError(`${path}.type must be "and" or "or".`);
  const conditions = [
    ...listOf(filter.predicates, `${path}.predicates`).map((predicate, n) =>
      readPredicate(predicate, `${path}.predicates[${n}]`, lift),
    ),
    ...readList(filter.clauses, `${path}.clauses`, lift),
  ];
  if (filter.type === 'and' || conditions.length === 0)
    return (value) => conditions.every((matches) => matches(value));
  return (value) => conditions.some((matches) => matches(value));
}

function readPredicate<T>(predicate: unknown, path: string, lift: Lift<T>): Match<T> {
  const { type = 'dimension', dimension, operator = 'matches', value } = isObject(predicate) ? predicate : {};
  if (type !== 'dimension') throw new FilterError(`${path}.type must be dimension.`);
  const read = typeof dimension === 'string' && Object.hasOwn(DIMENSIONS, dimension) && DIMENSIONS[dimension];
  if (!read) {
    const names = Object.keys(DIMENSIONS).join(', ');
    throw new FilterError(`${path}.dimension is unknown. The simulator supports ${names}.`);
  }
  const exists = lift((part) => read(part) !== undefined);
  if (operator === 'exists') return exists;
  if (operator === 'notExists') return (found) => !exists(found);
  if (operator !== 'matches') throw new FilterError(`${path}.operator must be matches, exists or notExists.`);
  if (typeof value !== 'string') throw new FilterError(`${path}.value must be a string.`);
  return lift((part) => read(part) === value);
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new FilterError(`${path} must be an array.`);
  return value;
}
