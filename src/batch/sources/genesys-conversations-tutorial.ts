import type { AxiosRequestConfig } from 'axios';
import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import { unexpected } from './answer.ts';
import { DETAILS_QUERY, type GenesysConversation } from './conversation-answer.ts';
import { checkDates } from './interval.ts';
import { linkSource } from './link.ts';
import type { JsonMembers } from './member-path.ts';
import type { PageSource } from './source.ts';

/** Options of {@link genesysConversationsTutorial}. */
export interface GenesysConversationsTutorialOptions {
  /** ISO 8601. */
  dateFrom: string;
  /** ISO 8601, not in the future. */
  dateTo: string;
  /** Records per page. @default 50 */
  size?: number | undefined;
  /** A filter, such as `type:voice`. */
  query?: string | undefined;
  /** Names of the record members to return. */
  select?: readonly string[] | undefined;
  groupBy?: readonly string[] | undefined;
  /** @default '/api/v2/analytics/conversations/details/query' */
  url?: string | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

const OPTIONS: OptionTable<GenesysConversationsTutorialOptions> = {
  dateFrom: 'any',
  dateTo: 'any',
  size: 'any',
  query: 'string',
  select: 'object',
  groupBy: 'object',
  url: 'string',
  clock: 'object',
};

/**
 * Reads conversation details in the format of a well-known tutorial about Genesys Cloud: a request with `dateFrom`, `dateTo`
 * and `size` returns `results` and the URL `nextPage`, which is absent on the last page.
 *
 * The real API does not use this format: use `genesysConversations` there. A response in the real format is an error.
 *
 * @throws ConfigurationError that lists all invalid options.
 */
export function genesysConversationsTutorial(options: GenesysConversationsTutorialOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { dateFrom, dateTo, size = 50, query, select, groupBy } = own;
  const { url = DETAILS_QUERY, clock = systemClock } = own;
  refuse('genesysConversationsTutorial', [
    checkDates({ name: 'dateFrom', date: dateFrom }, { name: 'dateTo', date: dateTo }, clock.now()),
    !(Number.isInteger(size) && size > 0) && 'size must be a whole number above 0',
    ...problems,
  ]);
  const data: JsonMembers = {
    dateFrom,
    dateTo,
    size,
    ...(query !== undefined && { query }),
    ...(select && { select }),
    ...(groupBy && { groupBy }),
  };
  const pages = linkSource({
    name: 'genesys-conversations-tutorial',
    method: 'post',
    url,
    data,
    items: 'results',
    next: 'nextPage',
    // The tutorial does not say at which path the next pages are. A link still cannot leave the origin.
    nextPath: '/',
    exactNumbers: false,
  });
  return {
    ...pages,
    read: (context) =>
      pages.read({
        ...context,
        async request<T>(config: AxiosRequestConfig) {
          const response = await context.request<T>(config);
          refuseRealFormat(response.data);
          return response;
        },
      }),
    startedAt: (record) => (Object(record) as GenesysConversation).conversationStart,
    identify(record) {
      const { conversationId, id } = Object(record) as { conversationId?: unknown; id?: unknown };
      const found = conversationId ?? id;
      return typeof found === 'string' || Number.isSafeInteger(found)
        ? (found as string | number)
        : undefined;
    },
  };
}

function refuseRealFormat(answer: unknown): void {
  const body = Object(answer);
  if ('results' in body || !('conversations' in body || 'totalHits' in body)) return;
  throw unexpected(
    `POST ${DETAILS_QUERY}`,
    'returned the format of the real API, with conversations. Use genesysConversations (export genesys-conversations) for that format',
  );
}
