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

/** What leads from a page to the next. */
type Lead = string | number;

/** How pages lead to each other. */
export interface Leading {
  /** What of it a checkpoint is bound to. */
  query: Readonly<Record<string, Json | undefined>>;
  /** What asks for a page; for the first one when the lead is undefined. */
  request(lead: Lead | undefined): AxiosRequestConfig;
  /**
   * @param start what `startOf` gave for the first page.
   * @returns what leads to the next page; undefined on the last one.
   */
  leadOf(answer: PagedAnswer, start: string | undefined): Lead | undefined;
  /** What tells that a page leads back to the first one. It is kept in the checkpoint. */
  startOf?(answer: PagedAnswer): string | undefined;
}

type State = RecordCount & {
  /** Undefined behind the last page. */
  readonly lead?: Lead;
  readonly start?: string;
};

/** A source of pages of which each leads to the next: they are read one after the other, ahead of being written. */
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
