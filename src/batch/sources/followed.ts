import type { AxiosRequestConfig } from 'axios';
import { isDigest } from '../digest.ts';
import { addToMemory, isPageMemory, type PageMemory, pageLoop } from './page-memory.ts';
import { endOf, queryOf, readersOf } from './paged-options.ts';
import {
  describeRequest,
  PAGED_DEFAULTS,
  type PagedAnswer,
  type PagedOptions,
  requestPage,
} from './paged-request.ts';
import { readAhead } from './read-ahead.ts';
import { addPage, isTotalReached, type RecordCount } from './record-count.ts';
import { checkedCursor, isCount } from './saved-cursor.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';

/** The cursor or URL of the next page. A number that JavaScript cannot represent is an object with its digits. */
export type Lead = string | number | { readonly number: string };

/** How the source finds the next page. */
export interface Leading {
  /** Further members of the query that identifies the checkpoint. */
  query: Readonly<Record<string, Json | undefined>>;
  /** The probable reason why a page repeats, for messages. */
  why: string;
  /** What to check if a page repeats, in whole sentences. */
  advice: string;
  /** Returns whether a value of a checkpoint can be a lead of this source. */
  isLead(value: unknown): boolean;
  /** Returns the request for a page; for the first page if `lead` is undefined. */
  request(lead: Lead | undefined): AxiosRequestConfig;
  /**
   * @param start the result of `startOf` for the first page.
   * @returns the cursor or URL of the next page; undefined on the last page.
   */
  leadOf(answer: PagedAnswer, start: string | undefined): Lead | undefined;
  /** Returns a digest that detects links back to the first page. The checkpoint stores the digest. */
  startOf?(answer: PagedAnswer): string | undefined;
}

type State = RecordCount & {
  /** Undefined after the last page. */
  readonly lead?: Lead;
  readonly start?: string;
  readonly pages?: PageMemory;
};

// An API can return a new cursor with each empty page, forever.
const MAX_EMPTY_PAGES = 1000;

/** Returns a source of pages that each name the next page. Pages are read one by one, ahead of writing. */
export function followedSource(options: PagedOptions, leading: Leading): PageSource {
  const { name = PAGED_DEFAULTS.name } = options;
  const loop = { label: describeRequest(options), why: leading.why, advice: leading.advice };

  /** Returns the state after a page; undefined if the page repeats the last one. */
  function follow(before: State, answer: PagedAnswer, count: RecordCount): State | undefined {
    // The total of this response, because a repeated page can state that there are more records.
    const counted = { ...count, received: before.received };
    const pages = addToMemory(before.pages ?? {}, answer.items, counted, loop);
    if (pages === undefined) return undefined;
    const start = before.start ?? (before.lead === undefined ? leading.startOf?.(answer) : undefined);
    const lead = leading.leadOf(answer, start);
    if (lead !== undefined && pages.empty === MAX_EMPTY_PAGES) {
      if (isTotalReached(count)) return undefined;
      throw pageLoop(false, loop);
    }
    return {
      ...count,
      pages,
      ...(start !== undefined && { start }),
      ...(lead !== undefined && { lead }),
    };
  }

  async function* pages(context: SourceContext): AsyncGenerator<Page> {
    const from = startAt(context.from);
    let state: State = from ?? { received: 0 };
    for (let isFirst = from === undefined; isFirst || state.lead !== undefined; isFirst = false) {
      const answer = await requestPage(context, options, leading.request(state.lead), isFirst);
      const { count, stated } = addPage(state, answer, options);
      const next = follow(state, answer, count);
      if (next === undefined) {
        yield endOf(options, count.total);
        return;
      }
      state = next;
      const nextKey = state.lead === undefined ? 'end' : JSON.stringify(state.lead);
      yield { items: answer.items, next: state, nextKey, total: state.total, stated };
    }
    yield endOf(options, state.total);
  }

  function startAt(from: Json | undefined): State | undefined {
    const { isLead } = leading;
    return checkedCursor<State>(
      name,
      from,
      { received: isCount, total: isCount, lead: isLead, start: isDigest, pages: isPageMemory },
      ['received'],
    );
  }

  return {
    name,
    query: queryOf(options, leading.query),
    ...readersOf(options),
    read: (context) => readAhead(pages(context), context.readAhead),
  };
}
