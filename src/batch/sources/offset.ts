import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { NUMBERED_OPTIONS, type NumberedOptions, numberedProblems, numberedSource } from './numbered.ts';
import type { PageSource } from './source.ts';

/** Options of {@link offsetSource}. */
export interface OffsetOptions extends NumberedOptions {
  /** The parameter for the number of records to skip. @default 'skip' */
  skipParameter?: string | undefined;
  /** The number in the request of the first page. @default 1 if the parameter is named `startIndex`, as in SCIM, otherwise 0 */
  firstOffset?: number | undefined;
  /** The parameter for the page size. @default 'top' */
  sizeParameter?: string | undefined;
  /** Records per page. If the API returns fewer, the next page begins after those. @default 100 */
  pageSize?: number | undefined;
}

export const DEFAULTS = { skipParameter: 'skip', sizeParameter: 'top', pageSize: 100 } as const;

const OPTIONS: OptionTable<OffsetOptions> = {
  ...NUMBERED_OPTIONS,
  skipParameter: 'string',
  firstOffset: 'any',
  sizeParameter: 'string',
};

/**
 * Reads pages by offset, several in parallel if `total` is set.
 *
 * The export ends at a page without records (see `lastPage`).
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * offsetSource({ url: '/contacts', items: 'contacts', total: 'totalRecords', emptyStatus: 204, id: 'contactId' })
 */
export function offsetSource(options: OffsetOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { skipParameter = DEFAULTS.skipParameter, sizeParameter = DEFAULTS.sizeParameter } = own;
  const { pageSize = DEFAULTS.pageSize } = own;
  // SCIM counts records from 1 (RFC 7644 section 3.4.2.4).
  const { firstOffset: first = /(^|\.)startIndex$/.test(skipParameter) ? 1 : 0 } = own;
  refuse('offsetSource', [
    ...numberedProblems({ ...own, pageSize }, [skipParameter, sizeParameter]),
    !(Number.isSafeInteger(first) && first >= 0) && 'firstOffset must be a whole number, 0 or more',
    ...problems,
  ]);
  return numberedSource(
    { ...own, pageSize },
    {
      query: { skipParameter, sizeParameter, pageSize, in: own.in, ...(first > 0 && { firstOffset: first }) },
      parameter: skipParameter,
      first,
      stride: pageSize,
      pageCount: undefined,
      parametersAt: (at) => ({ [skipParameter]: at, [sizeParameter]: pageSize }),
      // After an empty page, the next one begins a page further; the API may have smaller pages than requested.
      after: (at, count, largest) => at + (count || Math.min(pageSize, largest || pageSize)),
      recordsBefore: (at) => at - first,
    },
  );
}
