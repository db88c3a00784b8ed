import { isWhole } from '../../core/internal.ts';
import { type ConversationAnswer, DETAILS_QUERY } from './conversation-answer.ts';
import type { Interval } from './interval.ts';
import { totalAfterEmpty } from './record-count.ts';
import { isOptionalCount } from './saved-cursor.ts';
import { toText } from './windows.ts';

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

/** Returns whether a value of a checkpoint can be a state of an export of an interval. */
export function isWithin(
  whole: Interval,
  { start, end, width, page, received, hits, last, restOf, before }: Partial<ConversationState>,
): boolean {
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
}

/** Notes `totalHits`. */
export function withHits(
  state: ConversationState,
  { conversations, totalHits }: ConversationAnswer,
): ConversationState {
  const hits = conversations.length > 0 ? (totalHits ?? state.hits) : totalAfterEmpty(state.hits, totalHits);
  return hits === undefined ? state : { ...state, hits };
}

/** When the window of a query begins. */
export function startOf({ start, restOf }: ConversationState): number {
  return restOf?.start ?? start;
}

/** The records that the API stated for the window. The rest of a window cannot have more records than the window. */
export function statedBy({ hits, restOf }: ConversationState): number | undefined {
  return restOf ? Math.max(restOf.hits, hits ?? 0) : hits;
}

export function windowOf(state: ConversationState): { window: string; stated: number | undefined } {
  return { window: toText({ start: startOf(state), end: state.end }), stated: statedBy(state) };
}

export function labelOf(state: ConversationState): string {
  return `POST ${DETAILS_QUERY} for ${windowOf(state).window}`;
}
