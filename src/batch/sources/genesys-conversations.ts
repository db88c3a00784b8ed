import type { Clock } from '../../core/index.ts';
import { refuse, systemClock } from '../../core/internal.ts';
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
import { DAY, firstWindow, halfOf, toText } from './windows.ts';

/** Options of {@link genesysConversations}. */
export interface GenesysConversationsOptions {
  /** ISO 8601 `start/end`, of any length. It must be over: records of a running interval shift between pages. */
  interval: string;
  /** Further members of the query, such as `conversationFilters` and `segmentFilters`. */
  query?: JsonMembers | undefined;
  /** Records a page. @default 100 */
  pageSize?: number | undefined;
  /** The longest interval the API takes, in milliseconds. @default 7 days */
  maxInterval?: number | undefined;
  /** How far the API lets a query be paged, in records. @default 100_000 */
  maxResults?: number | undefined;
  /**
   * Which part of `totalHits` may be missing at the end of a window, from 0 to 1: the API only estimates it. Of a window
   * with fewer than 100 records none may be missing by default.
   * @default 0.01
   */
  totalTolerance?: number | undefined;
  /** Says what is over. @default the machine's clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = {
  pageSize: 100,
  maxInterval: 7 * DAY,
  maxResults: 100_000,
  totalTolerance: 0.01,
} as const;

// What the source says by itself.
const OWN_MEMBERS = ['interval', 'order', 'orderBy', 'paging'];

/** Where an export is. Times are epoch milliseconds. */
type State = {
  readonly start: number;
  readonly end: number;
  /** What the windows are made of now: it becomes half as much where they hold too many records. */
  readonly width: number;
  /** Of this window. */
  readonly page: number;
  readonly received: number;
  readonly hits?: number;
  /** When the last record of this window began. */
  readonly last?: number;
  /** Records of the windows before. */
  readonly before: number;
};

/**
 * Reads Genesys Cloud's conversation details query, in the order in which conversations began: the interval in windows, the
 * pages of a window several at a time.
 *
 * A window is at most `maxInterval` long, and half as long as before while it holds more than `maxResults`. The API gives
 * a conversation for each window it was active in; it is written once. Conversations that began before the interval come
 * where the API gives them. The end of a window is an answer without conversations.
 *
 * @throws ConfigurationError that lists everything wrong.
 * @example
 * genesysConversations({ interval: '2026-01-01T00:00Z/2026-02-01T00:00Z' })
 */
export function genesysConversations(options: GenesysConversationsOptions): PageSource<GenesysConversation> {
  check(options);
  const { interval, query = {}, pageSize = DEFAULTS.pageSize } = options;
  const { maxInterval = DEFAULTS.maxInterval, maxResults = DEFAULTS.maxResults } = options;
  const { totalTolerance = DEFAULTS.totalTolerance } = options;
  const whole = parseInterval(interval);
  const longest = Math.min(maxInterval, whole.end - whole.start);
  const lastPage = Math.floor(maxResults / pageSize);
  const cap = lastPage * pageSize;

  function begin(window: Interval, width: number, before: number): State {
    return { ...window, width, page: 1, received: 0, before };
  }

  /** The window behind one that was read to its end; undefined behind the last one. */
  function following({ end, width, received, before }: State): State | undefined {
    if (end >= whole.end) return undefined;
    // Where it was too much the first page will say so.
    const wider = Math.min(width * 2, longest);
    return begin(firstWindow({ start: end, end: whole.end }, wider), wider, before + received);
  }

  /** A window with too many records in half. */
  function halved(state: State): State {
    const half = halfOf(state);
    if (!half) throw tooMany(state, cap);
    return begin(half, half.end - half.start, state.before);
  }

  /** What is left of a window that cannot be paged further. Some of it comes again, and is known by its id. */
  function restOf(state: State): State | undefined {
    const { last, end, width, before, received } = state;
    // Where the API matches by day, what it gives begins behind the window too: all that began within it is there.
    if (last !== undefined && last >= end) return following(state);
    if (last === undefined || last <= state.start) throw tooMany(state, received);
    return begin({ start: last, end }, width, before + received);
  }

  /** Where the API does not let the end be asked for: all that it announced came, and did not fill the pages. */
  function seemsComplete({ page, received, hits }: State): boolean {
    return hits !== undefined && received >= hits && received < (page - 1) * pageSize;
  }

  /** Of the last window it is exact; for those to come it is reckoned by how dense the records were so far. */
  function totalOf({ end, received, hits = 0, before }: State): number {
    const known = before + Math.max(hits, received);
    return Math.round((known * (whole.end - whole.start)) / (end - whole.start));
  }

  /** @returns where to go on; undefined at the end of the export. */
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
    // The answer that says that there are no more is one of them.
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
      yield { items: conversations, next: state, part: text, total: totalOf(state) };
    }
    const { received, hits } = state;
    const count = { received, ...(hits !== undefined && { total: hits }) };
    checkTotal(count, totalTolerance, `POST ${DETAILS_QUERY} for ${text}`);
    return following(state);
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

function check(options: GenesysConversationsOptions): void {
  const { interval, query = {}, pageSize = DEFAULTS.pageSize } = options;
  const { maxInterval = DEFAULTS.maxInterval, maxResults = DEFAULTS.maxResults } = options;
  const { totalTolerance = DEFAULTS.totalTolerance, clock = systemClock } = options;
  refuse('genesysConversations', [
    checkInterval(interval, clock.now()),
    ...OWN_MEMBERS.map((name) => name in query && `query.${name} is set by the source itself: leave it out`),
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    !(maxInterval >= 1000) && 'maxInterval must be a number of milliseconds from 1000 on',
    !(maxResults >= pageSize) && 'maxResults must be a number not below pageSize',
    !(totalTolerance >= 0 && totalTolerance <= 1) && 'totalTolerance must be a number from 0 to 1',
  ]);
}

function startOf(conversation: GenesysConversation | undefined): number | undefined {
  const start = Date.parse(conversation?.conversationStart ?? '');
  return Number.isNaN(start) ? undefined : start;
}

function tooMany(window: Interval, limit: number): BatchError {
  return new BatchError(
    `POST ${DETAILS_QUERY} has more than the ${limit} records it gives for ${toText(window)}, and for no shorter ` +
      'interval fewer. Export them with a details job (export genesys-conversation-jobs), which has no such limit, or ' +
      'narrow the query with filters.',
    'ERR_UNEXPECTED_ANSWER',
    { resumable: false },
  );
}
