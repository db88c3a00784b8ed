import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { NUMBERED_OPTIONS, type NumberedOptions, numberedProblems, numberedSource } from './numbered.ts';
import type { PageSource } from './source.ts';

/** Options of {@link pageNumberSource}. */
export interface PageNumberOptions extends NumberedOptions {
  /** The parameter for the page number. @default 'pageNumber' */
  parameter?: string | undefined;
  /** The number of the first page. @default 1 */
  first?: number | undefined;
  /** The parameter for the page size. @default not sent */
  sizeParameter?: string | undefined;
  /** Records per page. @default the default of the API */
  pageSize?: number | undefined;
  /** The path of the number of pages, which determines the last page. @default not known */
  pageCount?: string | undefined;
}

export const DEFAULTS = { parameter: 'pageNumber', first: 1 } as const;

const OPTIONS: OptionTable<PageNumberOptions> = {
  ...NUMBERED_OPTIONS,
  parameter: 'string',
  first: 'number',
  sizeParameter: 'string',
  pageCount: 'string',
};

/**
 * Reads pages by number, several in parallel if `total` or `pageCount` is set.
 *
 * The export ends at the page that `pageCount` determines, otherwise at a page without records (see `lastPage`).
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * pageNumberSource({ url: '/api/v2/users', items: 'entities', pageCount: 'pageCount', total: 'total', id: 'id' })
 */
export function pageNumberSource(options: PageNumberOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { parameter = DEFAULTS.parameter, first = DEFAULTS.first } = own;
  const { sizeParameter, pageSize, pageCount } = own;
  refuse('pageNumberSource', [
    ...numberedProblems(own, [parameter, sizeParameter]),
    sizeParameter !== undefined && pageSize === undefined && 'sizeParameter requires pageSize',
    ...problems,
  ]);
  const size = sizeParameter !== undefined && pageSize !== undefined ? { [sizeParameter]: pageSize } : {};
  return numberedSource(own, {
    query: { parameter, first, sizeParameter, pageSize, in: own.in },
    parameter,
    first,
    stride: 1,
    pageCount,
    parametersAt: (at) => ({ [parameter]: at, ...size }),
    after: (at) => at + 1,
    recordsBefore: (at, size) => (at - first) * size,
  });
}
