import { isAxiosError } from 'axios';
import { type JsonObject, listOf, objectOf, unexpected } from './answer.ts';
import type { JsonMembers } from './member-path.ts';
import type { SourceContext } from './source.ts';

/** The path of the details query, in its real form and in the tutorial's. */
export const DETAILS_QUERY = '/api/v2/analytics/conversations/details/query';

const ASKED = `POST ${DETAILS_QUERY}`;

/** A conversation as the API gives it, with all its other members. */
export interface GenesysConversation {
  readonly conversationId: string;
  /** ISO 8601. */
  readonly conversationStart?: string;
  readonly [name: string]: unknown;
}

/** What came for a page of the details query. */
export interface ConversationAnswer {
  /** None where the API says that there are no more. */
  readonly conversations: readonly GenesysConversation[];
  readonly totalHits: number | undefined;
}

/**
 * Asks for a page of the details query.
 *
 * @returns `'beyond cap'` when the API refuses to page so far, be it not on the first page.
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
    const { status, data: said } = (isAxiosError(error) && error.response) || {};
    const isFirst = Object(data.paging).pageNumber === 1;
    if (!isFirst && status === 400 && /pagination may not exceed/i.test(String(Object(said).message)))
      return 'beyond cap';
    throw error;
  }
}

// What an answer behind the last page may hold; the real API's is empty.
const NO_RECORDS = new Set(['conversations', 'totalHits', 'aggregations']);

function readAnswer(body: JsonObject): ConversationAnswer {
  const totalHits = typeof body.totalHits === 'number' ? body.totalHits : undefined;
  const isEnd = (body.conversations ?? undefined) === undefined;
  if (isEnd && Object.keys(body).every((name) => NO_RECORDS.has(name)))
    return { conversations: [], totalHits };
  if (isEnd && 'results' in body) {
    throw unexpected(
      ASKED,
      "was answered in the tutorial's form, with results: genesysConversationsTutorial reads that",
    );
  }
  const conversations = listOf(body, 'conversations', ASKED);
  if (!conversations.every(isConversation)) throw unexpected(ASKED, 'gave a record without a conversationId');
  return { conversations, totalHits };
}

function isConversation(record: unknown): record is GenesysConversation {
  return typeof Object(record).conversationId === 'string';
}
