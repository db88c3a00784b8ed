import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import {
  type ConversationAnswer,
  type GenesysConversation,
  requestConversations,
} from './conversation-answer.ts';
import type { ConversationState } from './conversation-state.ts';
import { conversationSteps } from './conversation-steps.ts';
import { checkInterval, parseInterval } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { savedCursor } from './saved-cursor.ts';
import type { PageSource, SourceContext } from './source.ts';
import { type PageMachine, readPages } from './windowed-pages.ts';
import { DAY, toText } from './windows.ts';

/** Options of {@link genesysConversations}. */
export interface GenesysConversationsOptions {
  /** ISO 8601 `start/end`, of any length. It must end in the past, because new records move older ones to other pages. */
  interval: string;
  /** Further members of the query, such as `conversationFilters` and `segmentFilters`. */
  query?: JsonMembers | undefined;
  /** Records per page. @default 100 */
  pageSize?: number | undefined;
  /** The longest interval that the API accepts, in milliseconds. @default 7 days */
  maxInterval?: number | undefined;
  /** How many records the API returns for one query. @default 100_000 */
  maxResults?: number | undefined;
  /**
   * The fraction of `totalHits` that may be missing at the end of a window, from 0 to 1, because the API only estimates it.
   * With the default, no record may be missing from a window with fewer than 100.
   * @default 0.01
   */
  totalTolerance?: number | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = {
  pageSize: 100,
  maxInterval: 7 * DAY,
  maxResults: 100_000,
  totalTolerance: 0.01,
} as const;

const NAME = 'genesys-conversations';
// Members of the query that the source sets.
const OWN_MEMBERS = ['interval', 'order', 'orderBy', 'paging'];

/**
 * Reads the conversation details query of Genesys Cloud in the order in which conversations began. The source splits the
 * interval into windows and requests several pages of a window in parallel.
 *
 * A window is at most `maxInterval` long, and is halved until it has at most `maxResults` records. The API returns a
 * conversation in each window in which it was active, but the conversation is written once. Conversations that began
 * before the interval are included. A window ends with a response without conversations.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * genesysConversations({ interval: '2026-01-01T00:00Z/2026-02-01T00:00Z' })
 */
export function genesysConversations(options: GenesysConversationsOptions): PageSource<GenesysConversation> {
  const own = check(options);
  const { interval, query = {}, pageSize = DEFAULTS.pageSize } = own;
  const { maxInterval = DEFAULTS.maxInterval, maxResults = DEFAULTS.maxResults } = own;
  const { totalTolerance = DEFAULTS.totalTolerance } = own;
  const whole = parseInterval(interval);
  const longest = Math.floor(Math.min(maxInterval, whole.end - whole.start));
  const lastPage = Math.floor(maxResults / pageSize);
  const steps = conversationSteps({ whole, longest, pageSize, lastPage, totalTolerance });

  const machineOf = (
    context: SourceContext,
  ): PageMachine<ConversationState, ConversationAnswer | 'beyond cap', GenesysConversation> => ({
    async fetch({ start, end, page }, ahead) {
      const pageNumber = page + ahead;
      if (pageNumber > lastPage) return 'beyond cap';
      return requestConversations(context, {
        ...query,
        interval: toText({ start, end }),
        order: 'asc',
        orderBy: 'conversationStart',
        paging: { pageSize, pageNumber },
      });
    },
    queryOf: toText,
    idsOf: (answer) => (answer === 'beyond cap' ? [] : answer.conversations.map(idOf)),

    ...steps,
  });

  return {
    name: NAME,
    query: { interval: toText(whole), pageSize, query },
    identify: idOf,
    startedAt: ({ conversationStart }) => conversationStart,
    read(context) {
      const from = savedCursor<ConversationState>(NAME, context.from, steps.isValid) ?? steps.first;
      return readPages(machineOf(context), from, context.readAhead);
    },
  };
}

const idOf = ({ conversationId }: GenesysConversation) => conversationId;

const OPTIONS: OptionTable<GenesysConversationsOptions> = {
  interval: 'any',
  query: 'object',
  pageSize: 'any',
  maxInterval: 'any',
  maxResults: 'any',
  totalTolerance: 'any',
  clock: 'object',
};

function check(given: GenesysConversationsOptions): GenesysConversationsOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const { interval, query = {}, pageSize = DEFAULTS.pageSize } = options;
  const { maxInterval = DEFAULTS.maxInterval, maxResults = DEFAULTS.maxResults } = options;
  const { totalTolerance = DEFAULTS.totalTolerance, clock = systemClock } = options;
  refuse('genesysConversations', [
    checkInterval(interval, clock.now()),
    ...OWN_MEMBERS.map((name) => name in query && `query.${name} is set by the source: remove it`),
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    !(maxInterval >= 1000) && 'maxInterval must be a number of milliseconds, at least 1000',
    !(maxResults >= pageSize) && 'maxResults must be a number, at least pageSize',
    !(totalTolerance >= 0 && totalTolerance <= 1) && 'totalTolerance must be a number from 0 to 1',
    ...problems,
  ]);
  return options;
}
