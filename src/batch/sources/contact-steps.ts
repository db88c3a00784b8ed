import { isWhole } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { ContactsAnswer, CxoneContact } from './completed-contacts-answer.ts';
import type { Interval } from './interval.ts';
import { totalAfterEmpty } from './record-count.ts';
import { isOptionalCount } from './saved-cursor.ts';
import { repeatedPage } from './seen-pages.ts';
import type { Step } from './windowed-pages.ts';
import { toText } from './windows.ts';

/** The position of an export: a window of the interval, and how much of it was read. Times are epoch milliseconds. */
export type ContactState = {
  readonly start: number;
  readonly end: number;
  /** How many records of the window to skip. */
  readonly skip: number;
  /** How many records the API returns per page, which can be fewer than requested. */
  readonly step: number;
  /** The records of the window so far, including repeated ones. */
  readonly received: number;
  /** `totalRecords` of the window. */
  readonly total?: number;
  /** `totalRecords` of the whole interval. */
  readonly whole?: number;
  /** The sum of `totalRecords` of the earlier windows; absent if the API did not state one of them. */
  readonly earlier?: number;
  /** All windows were read, but their totals are less than `whole`: request the total of the whole interval again. */
  readonly recount?: true;
};

type ContactStep = Step<ContactState, CxoneContact>;

interface Limits {
  /** The interval of the export. */
  interval: Interval;
  pageSize: number;
  /** How many records the API returns for one query. */
  maxResults: number;
  totalTolerance: number;
  /** Names the request in messages. */
  label: string;
}

// In milliseconds.
const MIN_WIDTH = 1000;
// The target fraction of `maxResults` in a window, because contacts are not spread evenly.
const FILL = 0.75;

/** Returns the transitions between the states of an export. */
export function contactSteps({ interval, pageSize, maxResults, totalTolerance, label }: Limits) {
  const labelOf = (window: Interval) => `${label} for ${toText(window)}`;

  /** Returns the first part of a window with too many contacts, or undefined if the window cannot be shorter. */
  function narrowed({ start, end }: Interval, total: number): Interval | undefined {
    if (end - start <= MIN_WIDTH) return undefined;
    const width = ((end - start) * maxResults * FILL) / total;
    return { start, end: start + Math.max(MIN_WIDTH, Math.floor(width / MIN_WIDTH) * MIN_WIDTH) };
  }

  /** Returns the sum of the totals of all windows so far; undefined if the API did not state one of them. */
  function statedSoFar({ start, received, total, earlier }: ContactState): number | undefined {
    const before = start === interval.start ? 0 : earlier;
    // A response for a window without contacts has no total.
    const stated = total ?? (received === 0 ? 0 : undefined);
    return before === undefined || stated === undefined ? undefined : before + stated;
  }

  /** Returns the state after the last record of a window; undefined at the end of the export. */
  function windowAfter(state: ContactState): ContactState | undefined {
    const { start, end, received, total = received, whole } = state;
    const earlier = statedSoFar(state);
    const totals = {
      ...(whole !== undefined && { whole }),
      ...(earlier !== undefined && { earlier }),
    };
    if (end < interval.end) {
      // At most twice as long, because a quiet period may end.
      const width = (end - start) * Math.min(2, (maxResults * FILL) / Math.max(total, 1));
      const next = Math.min(interval.end, end + Math.max(MIN_WIDTH, Math.floor(width)));
      return { start: end, end: next, skip: 0, step: pageSize, received: 0, ...totals };
    }
    // A contact at the boundary of two windows is in both totals, so the sum can only be too high.
    const isShort = start > interval.start && whole !== undefined && (earlier ?? whole) < whole;
    return isShort ? { ...interval, skip: 0, step: 1, received: 0, ...totals, recount: true } : undefined;
  }

  function endWindow(state: ContactState): ContactStep {
    const next = windowAfter(state);
    const end = { label: labelOf(state), tolerance: totalTolerance };
    return {
      pages: [{ items: [], window: toText(state), stated: state.total, next, end }],
      next,
      jump: true,
    };
  }

  /** Compares the windows with the total of the whole interval, which was less than their sum. */
  function afterRecount({ whole = 0, earlier = 0 }: ContactState, total: number): ContactStep {
    const missing = total - earlier;
    const numbers = `${labelOf(interval)} states ${total} records, but the totals of its windows add up to ${earlier}`;
    if (missing > Math.floor(total * totalTolerance)) {
      throw new BatchError(
        `${numbers}: ${missing} are missing. The received records are saved. Set restart (--restart) to start over, or a ` +
          'totalTolerance (--total-tolerance) to accept the difference.',
        'ERR_TOTAL_MISMATCH',
        { tolerance: Math.ceil((missing / total) * 10_000) / 10_000 },
      );
    }
    const changed = `${labelOf(interval)} stated ${whole} records at the start of the export, and states ${total} at its end`;
    const warnings = [missing > 0 ? `${numbers}: ${missing} are missing` : changed];
    return { pages: [{ items: [], warnings }], next: undefined };
  }

  /** Returns whether the records so far are as many as the API stated, so that the window can end. */
  function isReached({ received, total }: ContactState): boolean {
    return total !== undefined && received >= total - Math.floor(total * totalTolerance);
  }

  /** Returns what follows the answer for `state.skip`. @param isRepeat the query returned this page before. */
  function after(state: ContactState, answer: ContactsAnswer | undefined, isRepeat: boolean): ContactStep {
    if (state.recount) return afterRecount(state, answer?.total ?? 0);
    const { contacts: items = [], hasNext = false } = answer ?? {};
    const known = withTotal(state, answer);
    const { skip, step, received } = state;
    const { total = 0, whole } = known;
    if (skip === 0 && total > maxResults) {
      const shorter = narrowed(state, total);
      if (shorter)
        return {
          pages: [],
          next: { ...state, ...shorter, ...(whole !== undefined && { whole }) },
          jump: true,
        };
    }
    if (isRepeat) {
      // The total of this response, because a repeated page can state that there are more records.
      if (isReached(known)) return endWindow(known);
      throw repeatedPage(labelOf(state), received, known.total);
    }
    if (items.length === 0) {
      // An empty page before the last one is not the end: a later page can have records.
      const at = skip + step;
      if (at >= maxResults || (at >= total && !hasNext)) return endWindow(known);
      const next = { ...known, skip: at };
      const page = { items: [], next, window: toText(state), stated: known.total };
      return { pages: known.total === state.total ? [] : [page], next };
    }
    const count = items.length;
    const next = { ...known, skip: skip + count, step: count, received: received + count };
    const page = { items, next, window: toText(state), stated: known.total, total: whole };
    if (hasNext || next.received < total) return { pages: [page], next, jump: count !== step };
    const end = endWindow(next);
    return { ...end, pages: [page, ...end.pages] };
  }

  const first: ContactState = { ...interval, skip: 0, step: pageSize, received: 0 };
  return {
    after,
    first,
    likelyPages: ({ skip, step, total = 0, recount }: ContactState) =>
      recount ? 1 : Math.ceil((total - skip) / step),
    isValid({ start, end, skip, step, received, total, whole, earlier, recount }: Partial<ContactState>) {
      return (
        isWhole(skip) &&
        isWhole(step, 1) &&
        isWhole(received) &&
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(end) &&
        interval.start <= Number(start) &&
        Number(start) < Number(end) &&
        Number(end) <= interval.end &&
        [total, whole, earlier].every(isOptionalCount) &&
        (recount === undefined || recount === true)
      );
    },
    /** Identifies the query of a state. */
    queryOf: ({ start, end, recount }: ContactState) => `${start}/${end}/${recount}`,
  };
}

/** Notes `totalRecords`. */
function withTotal(state: ContactState, answer: ContactsAnswer | undefined): ContactState {
  const { contacts = [], total: stated } = answer ?? {};
  const total = contacts.length > 0 ? (stated ?? state.total) : totalAfterEmpty(state.total, stated);
  if (total === undefined) return state;
  // The first query is for the whole interval.
  return { ...state, total, whole: state.whole ?? total };
}
