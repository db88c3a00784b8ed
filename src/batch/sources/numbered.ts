import { createHash } from 'node:crypto';
import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';
import { type JsonMembers, valueAt } from './member-path.ts';
import { identifyBy, type ParamOptions, pagedProblems, queryOf, withParameters } from './paged-options.ts';
import {
  describeRequest,
  PAGED_DEFAULTS,
  type PagedAnswer,
  type PagedOptions,
  requestPage,
} from './paged-request.ts';
import { inOrder, readAhead } from './read-ahead.ts';
import { addPage, checkTotal, numberOf, type RecordCount } from './record-count.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';

/** What sources of pages with numbers have in common. */
export interface NumberedOptions extends PagedOptions, ParamOptions {
  pageSize?: number | undefined;
  /**
   * Which page is the last one where nothing else says it: the one before an `empty` page, or with `short` also one
   * with fewer records than `pageSize`, which saves a request. An API with a smaller limit of its own gives short pages
   * only: with `short` the first one would be the end.
   * @default 'empty'
   */
  lastPage?: 'empty' | 'short' | undefined;
}

// One record alone can come again by chance, or be like others; so often it is the API that does not heed the number.
const MOST_AGAIN = 100;

/** How pages are numbered. */
interface Numbering {
  /** What of it a checkpoint is bound to. */
  query: Readonly<Record<string, Json | undefined>>;
  /** What takes the number, for messages. */
  parameter: string;
  first: number;
  /** From one page to the next, when all are full. */
  stride: number;
  pageCount: string | undefined;
  parametersAt(at: number): JsonMembers;
  /** The number behind a page of so many records. */
  after(at: number, count: number): number;
}

type State = RecordCount & {
  readonly at: number;
  /** Digest of the first page. */
  readonly first?: string;
  /** How many pages in a row were the first one again. */
  readonly again?: number;
  /** The page before was the last one. */
  readonly end?: true;
};

/** What is wrong with the options. @param parameters names that the source sets itself. */
export function numberedProblems(options: NumberedOptions, parameters: readonly (string | undefined)[]) {
  const { pageSize, lastPage } = options;
  return [
    ...pagedProblems(options, parameters),
    pageSize !== undefined &&
      !(Number.isInteger(pageSize) && pageSize > 0) &&
      'pageSize must be a whole number above 0',
    ![undefined, 'empty', 'short'].includes(lastPage) && "lastPage must be 'empty' or 'short'",
    lastPage === 'short' && pageSize === undefined && "lastPage: 'short' needs a pageSize",
  ];
}

/** A source of pages with numbers. */
export function numberedSource(options: NumberedOptions, numbering: Numbering): PageSource {
  const { name = PAGED_DEFAULTS.name, totalTolerance = PAGED_DEFAULTS.totalTolerance } = options;
  const { pageSize, lastPage = 'empty' } = options;
  const { first, pageCount, parametersAt, after } = numbering;
  const asked = describeRequest(options);

  /** Where the export is behind a page. */
  function follow(state: State, answer: PagedAnswer): State {
    const { items, isMarker } = answer;
    const { at } = state;
    const digest = digestOf(items);
    const { again: before = 0, ...rest } = state;
    const again = at !== first && digest !== undefined && digest === state.first ? before + 1 : 0;
    if (again > 0 && (items.length > 1 || again === MOST_AGAIN)) throw circle(numbering.parameter, asked);
    const next = {
      ...rest,
      ...addPage(state, answer, options),
      ...(again > 0 && { again }),
      at: after(at, items.length),
    };
    const noted = at === first && digest !== undefined ? { ...next, first: digest } : next;
    return isLast(at, items.length, isMarker, answer) ? { ...noted, end: true } : noted;
  }

  function isLast(at: number, count: number, isMarker: boolean, { body }: PagedAnswer): boolean {
    if (isMarker) return true;
    if (pageCount === undefined) return count === 0 || (lastPage === 'short' && count < (pageSize ?? 0));
    return at - first + 1 >= countOf(body, pageCount, asked);
  }

  /** How many pages are likely to come, the empty one at the end included. */
  function likelyMore({ at, received, total, end }: State, answer: PagedAnswer | undefined): number {
    if (end) return 0;
    if (pageCount !== undefined && answer) return countOf(answer.body, pageCount, asked) - (at - first);
    const size = pageSize ?? answer?.items.length ?? 0;
    if (total === undefined || size === 0) return 1;
    return Math.ceil((total - received) / size) + (pageCount === undefined && lastPage === 'empty' ? 1 : 0);
  }

  async function* pages(context: SourceContext, atOnce: number): AsyncGenerator<Page> {
    let state = (context.from as State | undefined) ?? { at: first, received: 0 };
    let { stride } = numbering;
    while (!state.end) {
      const from = state.at;
      const fetch = (index: number) => {
        const at = from + index * stride;
        return requestPage(context, options, withParameters(options, parametersAt(at)), at === first);
      };
      let likelyLast = likelyMore(state, undefined) - 1;
      let index = 0;
      for await (const answer of inOrder(fetch, { first: 0, atOnce, likelyLast: () => likelyLast })) {
        const { items } = answer;
        state = follow(state, answer);
        likelyLast = index + likelyMore(state, answer);
        if (items.length > 0) yield { items, next: state, total: state.total };
        if (state.end) break;
        index++;
        if (state.at !== from + index * stride) {
          // The API has page sizes of its own. What was fetched ahead would leave gaps or repeat records.
          stride = Math.max(state.at - (from + (index - 1) * stride), 1);
          break;
        }
      }
    }
    checkTotal(state, totalTolerance, asked);
  }

  return {
    name,
    query: queryOf(options, numbering.query),
    ...identifyBy(options),
    read(context) {
      const isCountKnown = options.total !== undefined || pageCount !== undefined;
      return isCountKnown
        ? pages(context, context.readAhead)
        : readAhead(pages(context, 1), context.readAhead);
    },
  };
}

function countOf(body: unknown, path: string, asked: string): number {
  const stated = valueAt(body, path);
  const count = numberOf(stated);
  if (count !== undefined) return count;
  throw unexpected(
    asked,
    `has no number in ${path}, where the count of pages should be, but ${JSON.stringify(stated)}`,
  );
}

/** Tells a page from others; undefined where its records are too much alike for that. */
function digestOf(items: readonly unknown[]): string | undefined {
  const ends = [JSON.stringify(items[0]), JSON.stringify(items.at(-1))];
  if (items.length === 0 || (items.length > 1 && ends[0] === ends[1])) return undefined;
  return createHash('sha256').update(`${items.length} ${ends}`).digest('base64url').slice(0, 22);
}

function circle(parameter: string, asked: string): BatchError {
  return new BatchError(
    `${asked} gave the first page again for another one: the API does not heed ${parameter}. It would never end. ` +
      'Check how the API calls what takes the place of the page, and whether it goes to the query or to the body.',
    'ERR_PAGE_LOOP',
  );
}
