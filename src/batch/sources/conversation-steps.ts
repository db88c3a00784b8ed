import { BatchError } from '../errors.ts';
import { type ConversationAnswer, DETAILS_QUERY, type GenesysConversation } from './conversation-answer.ts';
import type { Interval } from './interval.ts';
import { isOptionalCount, isWhole } from './saved-cursor.ts';
import { repeatedPage } from './seen-pages.ts';
import type { Step } from './windowed-pages.ts';
import { firstHalf, firstWindow, toText } from './windows.ts';

/** The position of an export: a query, and how much of it was read. Times are epoch milliseconds. */
export type ConversationState = {
  readonly start: number;
  readonly end: number;
  /** Current length of the windows. It is halved if a window has too many records. */
  readonly width: number;
  /** The next page of the query. */
  readonly page: number;
  /** The records of the query so far, including repeated ones. */
  readonly received: number;
  /** `totalHits` of the query. */
  readonly hits?: number;
  /** When the last received conversation began. */
  readonly last?: number;
  /** The window whose first records another query returned. This query reads the rest. */
  readonly restOf?: {
    readonly start: number;
    /** `totalHits` of the query for the whole window. */
    readonly hits: number;
  };
  /** Records of the earlier queries. */
  readonly before: number;
};

type ConversationStep = Step<ConversationState, GenesysConversation>;

interface Limits {
  /** The interval of the export. */
  whole: Interval;
  /** The longest window. */
  longest: number;
  pageSize: number;
  /** The last page that the API returns for one query. */
  lastPage: number;
  totalTolerance: number;
}

/** Returns the transitions between the states of an export. */
export function conversationSteps({ whole, longest, pageSize, lastPage, totalTolerance }: Limits) {
  const cap = lastPage * pageSize;

  function begin(query: Interval, width: number, before: number): ConversationState {
    return { start: query.start, end: query.end, width, page: 1, received: 0, before };
  }

  /** Returns the next window, or undefined after the last one. */
  function windowAfter({ end, width, received, before }: ConversationState): ConversationState | undefined {
    if (end >= whole.end) return undefined;
    // If the wider window has too many records, its first page halves it again.
    const wider = Math.min(width * 2, longest);
    return begin(firstWindow({ start: end, end: whole.end }, wider), wider, before + received);
  }

  function endWindow(
    state: ConversationState,
    tolerance = totalTolerance,
    warnings: readonly string[] = [],
  ): ConversationStep {
    const next = windowAfter(state);
    const end = { label: labelOf(state), tolerance };
    return { pages: [{ items: [], ...windowOf(state), warnings, next, end }], next, jump: true };
  }

  /** Continues with the first half of a window that has too many records. */
  function halve(state: ConversationState): ConversationStep {
    const half = firstHalf(state);
    if (!half) throw tooMany(state, cap);
    return { pages: [], next: begin(half, half.end - half.start, state.before), jump: true };
  }

  /**
   * Continues after the last page that the API returns for one query. A query for the rest of the window begins with the last record.
   * The rest belongs to the same window, because only the records of both queries together can be compared with the total.
   */
  function passCap(state: ConversationState): ConversationStep {
    const { start, end, width, page, received, last, hits = 0, before } = state;
    const isFull = received >= (page - 1) * pageSize;
    if (state.hits !== undefined && received >= hits && !isFull) return endWindow(state);
    if (last !== undefined && last >= end) {
      // The total includes records that began after the window, so the missing ones cannot be counted.
      const warning =
        `${labelOf(state)} states ${statedBy(state)} records, but returns at most ${received} of them. ` +
        'They include all conversations that began in the window. The other ones began later';
      return endWindow(state, 1, [warning]);
    }
    if (last === undefined || last <= start) throw tooMany(state, received);
    const rest = { start: startOf(state), hits: statedBy(state) ?? 0 };
    return {
      pages: [],
      next: { ...begin({ start: last, end }, width, before + received), restOf: rest },
      jump: true,
    };
  }

  /** Estimates the total from the density of the records so far. In the last window the total is exact. */
  function totalOf({ end, received, hits = 0, before }: ConversationState): number {
    const known = before + Math.max(hits, received);
    return Math.round((known * (whole.end - whole.start)) / (end - whole.start));
  }

  /** Returns whether the records so far are as many as the API stated, so that the query can end. */
  function isReached({ received, hits }: ConversationState): boolean {
    return hits !== undefined && received >= hits - Math.floor(hits * totalTolerance);
  }

  /** Returns what follows the answer for `state.page`. @param isRepeat the query returned this page before. */
  function after(
    state: ConversationState,
    answer: ConversationAnswer | 'beyond cap',
    isRepeat: boolean,
  ): ConversationStep {
    if (answer === 'beyond cap') return passCap(state);
    const { conversations: items } = answer;
    const { page, received } = state;
    const known = withHits(state, answer);
    const { hits = 0 } = known;
    if (page === 1 && hits > cap && !state.restOf) return halve(state);
    if (isRepeat) {
      // A repeated page can state that there are more records.
      if (isReached(known)) return endWindow(known);
      throw repeatedPage(labelOf(state), received, known.hits);
    }
    if (items.length === 0) {
      // An empty page before the last one is not the end: a later page can have records.
      if (page * pageSize >= hits || page >= lastPage) return endWindow(known);
      return { pages: [], next: { ...known, page: page + 1 } };
    }
    const last = beginningOf(items.at(-1)) ?? state.last;
    const next = {
      ...known,
      page: page + 1,
      received: received + items.length,
      ...(last !== undefined && { last }),
    };
    return { pages: [{ items, next, ...windowOf(next), total: totalOf(next) }], next };
  }

  return {
    after,
    first: begin(firstWindow(whole, longest), longest, 0),
    /** Includes the empty page after the last record. */
    likelyPages: ({ page, hits = 0 }: ConversationState) =>
      Math.min(Math.ceil(hits / pageSize) + 1, lastPage) - page + 1,
    isValid({ start, end, width, page, received, hits, last, restOf, before }: Partial<ConversationState>) {
      return (
        [start, end, restOf?.start ?? start].every((time) => Number.isSafeInteger(time)) &&
        whole.start <= Number(restOf?.start ?? start) &&
        Number(restOf?.start ?? start) <= Number(start) &&
        Number(start) < Number(end) &&
        Number(end) <= whole.end &&
        isWhole(width, 1) &&
        isWhole(page, 1) &&
        isWhole(received) &&
        isWhole(before) &&
        (last === undefined || Number.isSafeInteger(last)) &&
        (restOf === undefined || isOptionalCount(restOf.hits)) &&
        isOptionalCount(hits)
      );
    },
  };
}

/** Notes `totalHits`. A page without records only raises the total, because pages after the last one can state 0. */
function withHits(
  state: ConversationState,
  { conversations, totalHits: hits }: ConversationAnswer,
): ConversationState {
  const isStated = hits !== undefined && (conversations.length > 0 || hits >= (state.hits ?? 0));
  return isStated ? { ...state, hits } : state;
}

/** When the window of a query begins. */
function startOf({ start, restOf }: ConversationState): number {
  return restOf?.start ?? start;
}

/** The records that the API stated for the window. The rest of a window cannot have more records than the window. */
function statedBy({ hits, restOf }: ConversationState): number | undefined {
  return restOf ? Math.max(restOf.hits, hits ?? 0) : hits;
}

function windowOf(state: ConversationState): { window: string; stated: number | undefined } {
  return { window: toText({ start: startOf(state), end: state.end }), stated: statedBy(state) };
}

function labelOf(state: ConversationState): string {
  return `POST ${DETAILS_QUERY} for ${windowOf(state).window}`;
}

function beginningOf(conversation: GenesysConversation | undefined): number | undefined {
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
