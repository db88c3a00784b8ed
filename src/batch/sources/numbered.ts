import { createHash } from 'node:crypto';
import type { OptionTable } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';
import { type JsonMembers, valueAt } from './member-path.ts';
import { identifyBy, type ParamOptions, pagedProblems, queryOf, withParameters } from './paged-options.ts';
import {
  describeRequest,
  PAGED_DEFAULTS,
  PAGED_OPTIONS,
  type PagedAnswer,
  type PagedOptions,
  requestPage,
} from './paged-request.ts';
import { inOrder, readAhead } from './read-ahead.ts';
import { addPage, checkTotal, numberOf, type RecordCount } from './record-count.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';

/** Options of all sources with numbered pages. */
export interface NumberedOptions extends PagedOptions, ParamOptions {
  pageSize?: number | undefined;
  /**
   * How to recognise the last page if the API returns no page count. With `empty`, the page before an empty page is the
   * last one. With `short`, so is a page with fewer records than `pageSize`, which saves a request. Do not use `short`
   * if the API has a smaller page limit than `pageSize`, because the export would then end after the first page.
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

// A page with one record can repeat by chance. After this many repeats, the API must be ignoring the parameter.
const MAX_REPEATS = 100;

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
  parametersAt(at: number): JsonMembers;
  /** Returns the number after a page of `count` records. */
  after(at: number, count: number): number;
}

type State = RecordCount & {
  readonly at: number;
  /** Digest of the first page. */
  readonly first?: string;
  /** How many pages in a row repeated the first page. */
  readonly again?: number;
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
  const { name = PAGED_DEFAULTS.name, totalTolerance = PAGED_DEFAULTS.totalTolerance } = options;
  const { pageSize, lastPage = 'empty' } = options;
  const { first, pageCount, parametersAt, after } = numbering;
  const label = describeRequest(options);

  /** Returns the state after a page. */
  function follow(state: State, answer: PagedAnswer): State {
    const { items, isMarker } = answer;
    const { at } = state;
    const digest = digestOf(items);
    const { again: before = 0, ...rest } = state;
    const again = at !== first && digest !== undefined && digest === state.first ? before + 1 : 0;
    if (again > 0 && (items.length > 1 || again === MAX_REPEATS)) throw pageLoop(numbering.parameter, label);
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
    return at - first + 1 >= countOf(body, pageCount, label);
  }

  /** Estimates the number of further pages, including the empty page at the end. */
  function likelyMore({ at, received, total, end }: State, answer: PagedAnswer | undefined): number {
    if (end) return 0;
    if (pageCount !== undefined && answer) return countOf(answer.body, pageCount, label) - (at - first);
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
          // The API uses another page size, so the pages that were fetched ahead would leave gaps or repeat records.
          stride = Math.max(state.at - (from + (index - 1) * stride), 1);
          break;
        }
      }
    }
    checkTotal(state, totalTolerance, label);
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

function countOf(body: unknown, path: string, label: string): number {
  const stated = valueAt(body, path);
  const count = numberOf(stated);
  if (count !== undefined) return count;
  throw unexpected(
    label,
    `returned ${JSON.stringify(stated) ?? 'nothing'} as ${path}, which must be the number of pages`,
  );
}

/** Returns a digest that identifies a page, or undefined if its records are too similar. */
function digestOf(items: readonly unknown[]): string | undefined {
  const ends = [JSON.stringify(items[0]), JSON.stringify(items.at(-1))];
  if (items.length === 0 || (items.length > 1 && ends[0] === ends[1])) return undefined;
  return createHash('sha256').update(`${items.length} ${ends}`).digest('base64url').slice(0, 22);
}

function pageLoop(parameter: string, label: string): BatchError {
  return new BatchError(
    `${label} returned the first page again: the API ignores the parameter ${parameter}, so the export would never end. ` +
      'Check the name of the paging parameter, and whether the API expects it in the query or in the body.',
    'ERR_PAGE_LOOP',
  );
}
