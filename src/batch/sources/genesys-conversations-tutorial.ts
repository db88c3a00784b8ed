import type { AxiosRequestConfig } from 'axios';
import type { Clock } from '../../core/index.ts';
import { refuse, systemClock } from '../../core/internal.ts';
import { unexpected } from './answer.ts';
import { DETAILS_QUERY } from './conversation-answer.ts';
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
  /** Records a page. @default 50 */
  size?: number | undefined;
  /** Such as `type:voice`. */
  query?: string | undefined;
  /** Names of members that records should have. */
  select?: readonly string[] | undefined;
  groupBy?: readonly string[] | undefined;
  /** @default '/api/v2/analytics/conversations/details/query' */
  url?: string | undefined;
  /** Says what is over. @default the machine's clock */
  clock?: Clock | undefined;
}

/**
 * Reads conversation details in the form that a well-known tutorial gives for Genesys Cloud: `dateFrom`, `dateTo` and `size`,
 * answered with `results` and the URL of the `nextPage`, which is absent on the last one.
 *
 * The real API does not speak it: use `genesysConversations` there. An answer in its form is an error that says so.
 *
 * @throws ConfigurationError that lists everything wrong.
 */
export function genesysConversationsTutorial(options: GenesysConversationsTutorialOptions): PageSource {
  const { dateFrom, dateTo, size = 50, query, select, groupBy } = options;
  const { url = DETAILS_QUERY, clock = systemClock } = options;
  refuse('genesysConversationsTutorial', [
    checkDates({ name: 'dateFrom', date: dateFrom }, { name: 'dateTo', date: dateTo }, clock.now()),
    !(Number.isInteger(size) && size > 0) && 'size must be a whole number above 0',
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
  });
  return {
    ...pages,
    read: (context) =>
      pages.read({
        ...context,
        async request<T>(config: AxiosRequestConfig) {
          const response = await context.request<T>(config);
          refuseRealForm(response.data);
          return response;
        },
      }),
    identify(record) {
      const { conversationId, id } = Object(record) as { conversationId?: unknown; id?: unknown };
      const found = conversationId ?? id;
      return typeof found === 'string' ? found : undefined;
    },
  };
}

function refuseRealForm(answer: unknown): void {
  const body = Object(answer);
  if ('results' in body || !('conversations' in body || 'totalHits' in body)) return;
  throw unexpected(
    `POST ${DETAILS_QUERY}`,
    "was answered in the API's real form, with conversations: genesysConversations (export genesys-conversations) reads that",
  );
}
