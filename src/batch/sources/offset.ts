import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { NUMBERED_OPTIONS, type NumberedOptions, numberedProblems, numberedSource } from './numbered.ts';
import type { PageSource } from './source.ts';

/** Options of {@link offsetSource}. */
export interface OffsetOptions extends NumberedOptions {
  /** The parameter for the number of records to skip. @default 'skip' */
  skipParameter?: string | undefined;
  /** The parameter for the page size. @default 'top' */
  sizeParameter?: string | undefined;
  /** Records per page. If the API returns fewer, the next page begins after those. @default 100 */
  pageSize?: number | undefined;
}

export const DEFAULTS = { skipParameter: 'skip', sizeParameter: 'top', pageSize: 100 } as const;

const OPTIONS: OptionTable<OffsetOptions> = {
  ...NUMBERED_OPTIONS,
  skipParameter: 'string',
  sizeParameter: 'string',
};

/**
 * Reads pages by offset, several in parallel if `total` is set.
 *
 * The export ends at a page without records.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * offsetSource({ url: '/contacts', items: 'contacts', total: 'totalRecords', emptyStatus: 204, id: 'contactId' })
 */
export function offsetSource(options: OffsetOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { skipParameter = DEFAULTS.skipParameter, sizeParameter = DEFAULTS.sizeParameter } = own;
  const { pageSize = DEFAULTS.pageSize } = own;
  refuse('offsetSource', [
    ...numberedProblems({ ...options, pageSize }, [skipParameter, sizeParameter]),
    ...problems,
  ]);
  return numberedSource(
    { ...options, pageSize },
    {
      query: { skipParameter, sizeParameter, pageSize, in: own.in },
      parameter: skipParameter,
      first: 0,
      stride: pageSize,
      pageCount: undefined,
      parametersAt: (at) => ({ [skipParameter]: at, [sizeParameter]: pageSize }),
      after: (at, count) => at + count,
    },
  );
}
