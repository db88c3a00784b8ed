import type { AxiosRequestConfig } from 'axios';
import { identifyBy, queryOf } from './paged-options.ts';
import {
  describeRequest,
  PAGED_DEFAULTS,
  type PagedAnswer,
  type PagedOptions,
  requestPage,
} from './paged-request.ts';
import { readAhead } from './read-ahead.ts';
import { addPage, checkTotal, type RecordCount } from './record-count.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';

/** The cursor or URL of the next page. */
type Lead = string | number;

/** How the source finds the next page. */
export interface Leading {
  /** Further members of the query that identifies the checkpoint. */
  query: Readonly<Record<string, Json | undefined>>;
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
};

/** Returns a source of pages that each name the next page. Pages are read one by one, ahead of writing. */
export function followedSource(options: PagedOptions, leading: Leading): PageSource {
  const { name = PAGED_DEFAULTS.name, totalTolerance = PAGED_DEFAULTS.totalTolerance } = options;

  function follow(before: State, answer: PagedAnswer): State {
    const start = before.start ?? (before.lead === undefined ? leading.startOf?.(answer) : undefined);
    const lead = leading.leadOf(answer, start);
    return {
      ...addPage(before, answer, options),
      ...(start !== undefined && { start }),
      ...(lead !== undefined && { lead }),
    };
  }

  async function* pages(context: SourceContext): AsyncGenerator<Page> {
    const from = context.from as State | undefined;
    let state: State = from ?? { received: 0 };
    for (let isFirst = from === undefined; isFirst || state.lead !== undefined; isFirst = false) {
      const answer = await requestPage(context, options, leading.request(state.lead), isFirst);
      state = follow(state, answer);
      const nextKey = state.lead === undefined ? 'end' : JSON.stringify(state.lead);
      yield { items: answer.items, next: state, nextKey, total: state.total };
    }
    checkTotal(state, totalTolerance, describeRequest(options));
  }

  return {
    name,
    query: queryOf(options, leading.query),
    ...identifyBy(options),
    read: (context) => readAhead(pages(context), context.readAhead),
  };
}
