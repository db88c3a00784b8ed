import type { AxiosInstance } from 'axios';

/** What to export; see Genesys Cloud's `ConversationQuery`. */
export interface ConversationPagesQuery {
  /** ISO 8601 `start/end`. */
  interval: string;
  /** @default 100 */
  pageSize?: number;
}

/** One page of an export. */
export interface Page<Item> {
  items: Item[];
  /** How many there are in all, as far as the API says: it is an estimate. */
  total: number;
}

/**
 * Reads the pages of Genesys Cloud's conversation details query, one after the other, until one is past the end.
 *
 * @param api an instance that gets the token by itself.
 * @throws Error when an answer is neither a page nor the documented end: never taken for the end.
 */
export async function* conversationPages<Item>(
  api: AxiosInstance,
  { interval, pageSize = 100 }: ConversationPagesQuery,
): AsyncGenerator<Page<Item>> {
  for (let pageNumber = 1; ; pageNumber++) {
    const { data } = await api.post<{ conversations?: Item[]; totalHits?: number }>(
      '/api/v2/analytics/conversations/details/query',
      { interval, order: 'asc', orderBy: 'conversationStart', paging: { pageSize, pageNumber } },
    );
    if (typeof data !== 'object' || data === null) {
      throw new Error(`page ${pageNumber} of the conversation details query is no JSON object`);
    }
    const { conversations, totalHits = 0 } = data;
    if (conversations === undefined) return;
    if (!Array.isArray(conversations)) {
      throw new Error(`page ${pageNumber} of the conversation details query has no list of conversations`);
    }
    yield { items: conversations, total: totalHits };
  }
}
