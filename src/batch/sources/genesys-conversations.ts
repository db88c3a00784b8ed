import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import {
  type ConversationAnswer,
  DETAILS_QUERY,
  type GenesysConversation,
  requestConversations,
} from './conversation-answer.ts';
import { checkInterval, type Interval, parseInterval } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { inOrder } from './read-ahead.ts';
import { checkTotal } from './record-count.ts';
import type { Page, PageSource, SourceContext } from './source.ts';
import { DAY, firstHalf, firstWindow, toText } from './windows.ts';

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

// Members of the query that the source sets.
const OWN_MEMBERS = ['interval', 'order', 'orderBy', 'paging'];

/** The position of an export. Times are epoch milliseconds. */
type State = {
  readonly start: number;
  readonly end: number;
  /** Current length of the windows. It is halved if a window has too many records. */
  readonly width: number;
  /** The next page of this window. */
  readonly page: number;
  readonly received: number;
  readonly hits?: number;
  /** When the last received conversation of this window began. */
  readonly last?: number;
  /** Records of the earlier windows. */
  readonly before: number;
};

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
  const longest = Math.min(maxInterval, whole.end - whole.start);
  const lastPage = Math.floor(maxResults / pageSize);
  const cap = lastPage * pageSize;

  function begin(window: Interval, width: number, before: number): State {
    return { ...window, width, page: 1, received: 0, before };
  }

  /** Returns the next window, or undefined after the last one. */
  function windowAfter({ end, width, received, before }: State): State | undefined {
    if (end >= whole.end) return undefined;
    // If the wider window has too many records, its first page halves it again.
    const wider = Math.min(width * 2, longest);
    return begin(firstWindow({ start: end, end: whole.end }, wider), wider, before + received);
  }

  /** Returns the first half of a window with too many records. */
  function halved(state: State): State {
    const half = firstHalf(state);
    if (!half) throw tooMany(state, cap);
    return begin(half, half.end - half.start, state.before);
  }

  /** Returns the rest of a window that cannot be paged further. Repeated records are recognised by their ids. */
  function restOf(state: State): State | undefined {
    const { last, end, width, before, received } = state;
    // An API that matches by day returns conversations that began after the window, so the window itself is complete.
    if (last !== undefined && last >= end) return windowAfter(state);
    if (last === undefined || last <= state.start) throw tooMany(state, received);
    return begin({ start: last, end }, width, before + received);
  }

  /** Returns true if all announced records arrived and the last page was not full, because no page after the limit can be requested. */
  function seemsComplete({ page, received, hits }: State): boolean {
    return hits !== undefined && received >= hits && received < (page - 1) * pageSize;
  }

  /** Estimates the total from the density of the records so far. In the last window the total is exact. */
  function totalOf({ end, received, hits = 0, before }: State): number {
    const known = before + Math.max(hits, received);
    return Math.round((known * (whole.end - whole.start)) / (end - whole.start));
  }

  /** @returns the next state, or undefined at the end of the export. */
  async function* readWindow(
    context: SourceContext,
    from: State,
  ): AsyncGenerator<Page<GenesysConversation>, State | undefined> {
    let state = from;
    const text = toText(from);
    const fetch = async (pageNumber: number): Promise<ConversationAnswer | 'beyond cap'> => {
      if (pageNumber > lastPage) return 'beyond cap';
      const order = { order: 'asc', orderBy: 'conversationStart' };
      return requestConversations(context, {
        ...query,
        interval: text,
        ...order,
        paging: { pageSize, pageNumber },
      });
    };
    // Includes the empty page after the last record.
    const likelyLast = () => Math.min(Math.ceil((state.hits ?? 0) / pageSize) + 1, lastPage);
    const answers = inOrder(fetch, { first: from.page, atOnce: context.readAhead, likelyLast });
    for await (const answer of answers) {
      if (answer === 'beyond cap') {
        if (seemsComplete(state)) break;
        return restOf(state);
      }
      const { conversations, totalHits: hits = state.hits } = answer;
      if (state.page === 1 && (hits ?? 0) > cap) return halved(state);
      if (hits !== undefined) state = { ...state, hits };
      if (conversations.length === 0) break;
      const last = startOf(conversations.at(-1)) ?? state.last;
      state = {
        ...state,
        page: state.page + 1,
        received: state.received + conversations.length,
        ...(last !== undefined && { last }),
      };
      yield { items: conversations, next: state, window: text, total: totalOf(state) };
    }
    const { received, hits } = state;
    const count = { received, ...(hits !== undefined && { total: hits }) };
    checkTotal(count, totalTolerance, `POST ${DETAILS_QUERY} for ${text}`);
    return windowAfter(state);
  }

  return {
    name: 'genesys-conversations',
    query: { interval: toText(whole), pageSize, query },
    identify: ({ conversationId }) => conversationId,
    async *read(context) {
      const from = context.from as State | undefined;
      let state: State | undefined = from ?? begin(firstWindow(whole, longest), longest, 0);
      while (state) state = yield* readWindow(context, state);
    },
  };
}

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

function startOf(conversation: GenesysConversation | undefined): number | undefined {
  const start = Date.parse(conversation?.conversationStart ?? '');
  return Number.isNaN(start) ? undefined : start;
}

function tooMany(window: Interval, limit: number): BatchError {
  return new BatchError(
    `POST ${DETAILS_QUERY} has more records for ${toText(window)} than its limit of ${limit}, and the interval cannot be ` +
      'split further. Use a details job (export genesys-conversation-jobs), which has no such limit, or narrow the query ' +
      'with filters.',
    'ERR_UNEXPECTED_ANSWER',
    { resumable: false },
  );
}
