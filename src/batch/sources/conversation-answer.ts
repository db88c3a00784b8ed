import { isAxiosError } from 'axios';
import { isWhole } from '../../core/internal.ts';
import type { JsonObject } from '../json/json-object.ts';
import { listOf, objectOf, unexpected } from './answer.ts';
import type { JsonMembers } from './member-path.ts';
import type { SourceContext } from './source.ts';

/** The path of the details query, in the real API and in the tutorial. */
export const DETAILS_QUERY = '/api/v2/analytics/conversations/details/query';

const ASKED = `POST ${DETAILS_QUERY}`;

/** A conversation as the API returns it, with all other members. */
export interface GenesysConversation {
  readonly conversationId: string;
  /** ISO 8601. */
  readonly conversationStart?: string;
  readonly [name: string]: unknown;
}

/** A page of the details query. */
export interface ConversationAnswer {
  /** Empty after the last page. */
  readonly conversations: readonly GenesysConversation[];
  readonly totalHits: number | undefined;
}

/**
 * Requests a page of the details query.
 *
 * @returns `'beyond cap'` if the API refuses a page after the first one because its limit of records is reached.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER`
 */
export async function requestConversations(
  { request }: SourceContext,
  data: JsonMembers,
): Promise<ConversationAnswer | 'beyond cap'> {
  try {
    const response = await request({
      method: 'post',
      url: DETAILS_QUERY,
      data,
      responseType: 'json',
      authRefresh: { idempotent: true },
    });
    return readAnswer(objectOf(response, ASKED));
  } catch (error) {
    const { status, data: body } = (isAxiosError(error) && error.response) || {};
    const isFirst = Object(data.paging).pageNumber === 1;
    if (!isFirst && status === 400 && /pagination may not exceed/i.test(String(Object(body).message)))
      return 'beyond cap';
    throw error;
  }
}

// Members that a response after the last page may have. The real API returns an empty object.
const NO_RECORDS = new Set(['conversations', 'totalHits', 'aggregations']);

function readAnswer(body: JsonObject): ConversationAnswer {
  const totalHits = isWhole(body.totalHits) ? body.totalHits : undefined;
  const isEnd = (body.conversations ?? undefined) === undefined;
  if (isEnd && Object.keys(body).every((name) => NO_RECORDS.has(name)))
    return { conversations: [], totalHits };
  if (isEnd && 'results' in body) {
    throw unexpected(
      ASKED,
      "returned the tutorial's format, with results. Use genesysConversationsTutorial for that format",
    );
  }
  const conversations = listOf(body, 'conversations', ASKED);
  if (!conversations.every(isConversation))
    throw unexpected(ASKED, 'returned a record without a conversationId');
  return { conversations, totalHits };
}

function isConversation(record: unknown): record is GenesysConversation {
  return typeof Object(record).conversationId === 'string';
}
