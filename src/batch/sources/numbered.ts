import type { OptionTable } from '../../core/internal.ts';
import { shown, unexpected } from './answer.ts';
import { valueAt } from './member-path.ts';
import { addToMemory, isPageMemory, type PageMemory } from './page-memory.ts';
import {
  endOf,
  type ParamOptions,
  pagedProblems,
  queryOf,
  readersOf,
  withParameters,
} from './paged-options.ts';
import {
  describeRequest,
  PAGED_DEFAULTS,
  PAGED_OPTIONS,
  type PagedAnswer,
  type PagedOptions,
  requestPage,
} from './paged-request.ts';
import { inOrder, readAhead } from './read-ahead.ts';
import { addPage, isTotalReached, numberOf, type RecordCount } from './record-count.ts';
import { checkedCursor, isCount, isTrue, isWholeFrom } from './saved-cursor.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';

/** Options of all sources with numbered pages. */
export interface NumberedOptions extends PagedOptions, ParamOptions {
  pageSize?: number | undefined;
  /**
   * How to recognise the last page if the API returns no page count. With `empty`, the page before an empty page is the
   * last one if all records of `total` have arrived; without `total`, if another empty page follows. With `short`, the last
   * page is also a page with fewer records than `pageSize`, which saves requests, unless records of `total` are missing. Do
   * not use `short` without `total` if the API has a smaller page limit than `pageSize`, because the export would then end
   * after the first page.
   * @default 'empty'
   */
  lastPage?: 'empty' | 'short' | undefined;
}

export const NUMBERED_OPTIONS: OptionTable<NumberedOptions> = {
  ...PAGED_OPTIONS,
  in: 'any',
  pageSize: 'any',
  lastPage: 'any',
};

// An API whose total is too high can return empty pages forever.
const MAX_EMPTY_PAGES = 10;

/** How pages are numbered. */
interface Numbering {
  /** Further members of the query that identifies the checkpoint. */
  query: Readonly<Record<string, Json | undefined>>;
  /** The parameter for the number, for messages. */
  parameter: string;
  first: number;
  /** The difference between the numbers of two full pages. */
  stride: number;
  pageCount: string | undefined;
  parametersAt(at: number): Readonly<Record<string, number>>;
  /** Returns the number after a page of `count` records. @param largest the most records on one page. */
  after(at: number, count: number, largest: number): number;
  /** Returns how many records the pages before a number can contain. @param size records per page. */
  recordsBefore(at: number, size: number): number;
}

type State = RecordCount & {
  readonly at: number;
  readonly pages?: PageMemory;
  /** The page count that the API stated first, and last. */
  readonly firstCount?: number;
  readonly lastCount?: number;
  /** The last page was read. */
  readonly end?: true;
};

/** Returns the problems of the options. @param parameters names that the source sets. */
export function numberedProblems(options: NumberedOptions, parameters: readonly (string | undefined)[]) {
  const { pageSize, lastPage } = options;
  return [
    ...pagedProblems(options, parameters),
    pageSize !== undefined &&
      !(Number.isInteger(pageSize) && pageSize > 0) &&
      'pageSize must be a whole number above 0',
    ![undefined, 'empty', 'short'].includes(lastPage) && "lastPage must be 'empty' or 'short'",
    lastPage === 'short' && pageSize === undefined && "lastPage 'short' requires pageSize",
  ];
}

/** Returns a source of numbered pages. */
export function numberedSource(options: NumberedOptions, numbering: Numbering): PageSource {
  const { name = PAGED_DEFAULTS.name, pageSize, lastPage = 'empty' } = options;
  const { first, pageCount, parameter, parametersAt, after, recordsBefore } = numbering;
  const label = describeRequest(options);
  const countFlag = pageCount === undefined ? 'pageCount (--page-count) or ' : '';
  const loop = {
    label,
    why: `the API ignores the parameter ${parameter}, or repeats its last page`,
    advice:
      'Check the name of the paging parameter, and whether the API expects it in the query or in the body. If the API ' +
      `repeats its last page, set ${countFlag}total (--total), so that the export ends there.`,
  };

  /** Returns the state after a page, and the page to write, if any. If the page repeats the last one, its records are dropped. */
  function follow(state: State, answer: PagedAnswer): { state: State; page?: Page } {
    const { items } = answer;
    const { count, stated } = addPage(state, answer, options);
    const counts = { ...state, ...pageCountsOf(state, answer) };
    // The total of this response, because a repeated page can state that there are more records.
    const counted = { ...count, received: state.received };
    const pages = addToMemory(state.pages ?? {}, items, counted, loop);
    if (pages === undefined) return { state: { ...counts, ...counted, end: true } };
    const { lastCount } = counts;
    const next = { ...counts, ...count, pages, at: after(state.at, items.length, pages.largest ?? 0) };
    const isLast = lastCount === undefined ? isEnd(next, items.length) : state.at - first + 1 >= lastCount;
    const following: State = isLast ? { ...next, end: true } : next;
    if (items.length === 0 && next.total === state.total) return { state: following };
    return { state: following, page: { items, next: following, total: next.total, stated } };
  }

  /** Returns whether a page is the last one, without a page count. @param state after the page. */
  function isEnd(state: State, count: number): boolean {
    const isReached = isTotalReached(state);
    if (count > 0) return lastPage === 'short' && count < (pageSize ?? 0) && isReached !== false;
    const { empty = 0, largest = pageSize ?? 0 } = state.pages ?? {};
    if (isReached === undefined) return empty > 1;
    const isBeyond = recordsBefore(state.at, largest) >= (state.total ?? 0);
    return isReached || (empty > 1 && isBeyond) || empty === MAX_EMPTY_PAGES;
  }

  function pageCountsOf({ firstCount, lastCount }: State, { body, items, isMarker }: PagedAnswer) {
    if (pageCount === undefined) return {};
    const value = valueAt(body, pageCount);
    const count = numberOf(value) ?? (isMarker ? lastCount : undefined);
    if (count === 0 && firstCount === undefined && items.length > 0)
      throw unexpected(label, `returned ${items.length} records on the first page, but 0 as ${pageCount}`);
    if (count !== undefined) return { firstCount: firstCount ?? count, lastCount: count };
    if (isMarker) return {};
    throw unexpected(label, `returned ${shown(value)} as ${pageCount}, which must be the number of pages`);
  }

  function warningsOf({ firstCount, lastCount }: State): string[] {
    if (firstCount === lastCount) return [];
    return [
      `${label} stated ${firstCount} pages at first and ${lastCount} at the end; pages may have shifted`,
    ];
  }

  /** Estimates the number of further pages, including the empty page at the end. */
  function likelyMore({ at, received, total, end, lastCount, pages }: State): number {
    if (end) return 0;
    if (lastCount !== undefined) return lastCount - (at - first);
    const size = pageSize ?? pages?.largest ?? 0;
    if (total === undefined || size === 0) return 1;
    return Math.ceil((total - received) / size) + (lastPage === 'empty' ? 1 : 0);
  }

  async function* read(context: SourceContext, atOnce: number): AsyncGenerator<Page> {
    let state = startAt(context.from);
    let { stride } = numbering;
    while (!state.end) {
      const from = state.at;
      const fetch = (index: number) => {
        const at = from + index * stride;
        return requestPage(context, options, withParameters(options, parametersAt(at)), at === first);
      };
      let likelyLast = likelyMore(state) - 1;
      let index = 0;
      for await (const answer of inOrder(fetch, { first: 0, atOnce, likelyLast: () => likelyLast })) {
        const followed = follow(state, answer);
        state = followed.state;
        likelyLast = index + likelyMore(state);
        if (followed.page) yield followed.page;
        if (state.end) break;
        index++;
        if (state.at !== from + index * stride) {
          // The API uses another page size, so the pages that were fetched ahead would leave gaps or repeat records.
          stride = Math.max(state.at - (from + (index - 1) * stride), 1);
          break;
        }
      }
    }
    yield endOf(options, state.total, warningsOf(state));
  }

  function startAt(from: Json | undefined): State {
    const at = isWholeFrom(first);
    const counts = { received: isCount, total: isCount, firstCount: isCount, lastCount: isCount };
    const checks = { at, ...counts, pages: isPageMemory, end: isTrue };
    return checkedCursor<State>(name, from, checks, ['at', 'received']) ?? { at: first, received: 0 };
  }

  return {
    name,
    query: queryOf(options, numbering.query),
    ...readersOf(options),
    read(context) {
      const isCountKnown = options.total !== undefined || pageCount !== undefined;
      return isCountKnown ? read(context, context.readAhead) : readAhead(read(context, 1), context.readAhead);
    },
  };
}
