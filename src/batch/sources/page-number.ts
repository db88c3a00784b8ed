import { numberProblems, refuse } from '../../core/internal.ts';
import { type NumberedOptions, numberedProblems, numberedSource } from './numbered.ts';
import type { PageSource } from './source.ts';

/** Options of {@link pageNumberSource}. */
export interface PageNumberOptions extends NumberedOptions {
  /** What takes the number of the page. @default 'pageNumber' */
  parameter?: string | undefined;
  /** The number of the first page. @default 1 */
  first?: number | undefined;
  /** What takes the size of a page. @default it is not sent */
  sizeParameter?: string | undefined;
  /** How many records a page holds. @default what the API holds right */
  pageSize?: number | undefined;
  /** The path of how many pages there are; the page of that number is the last one. @default not known */
  pageCount?: string | undefined;
}

export const DEFAULTS = { parameter: 'pageNumber', first: 1 } as const;

/**
 * Reads pages by their numbers, several at a time where `total` or `pageCount` says how many there are.
 *
 * The end is the page that `pageCount` says, else a page without records.
 *
 * @throws ConfigurationError that lists everything wrong.
 * @example
 * pageNumberSource({ url: '/api/v2/users', items: 'entities', pageCount: 'pageCount', total: 'total', id: 'id' })
 */
export function pageNumberSource(options: PageNumberOptions): PageSource {
  const { parameter = DEFAULTS.parameter, first = DEFAULTS.first } = options;
  const { sizeParameter, pageSize, pageCount } = options;
  refuse('pageNumberSource', [
    ...numberedProblems(options, [parameter, sizeParameter]),
    ...numberProblems({ first }, ['first']),
    sizeParameter !== undefined && pageSize === undefined && 'sizeParameter needs a pageSize to send',
  ]);
  const size = sizeParameter !== undefined && pageSize !== undefined ? { [sizeParameter]: pageSize } : {};
  return numberedSource(options, {
    query: { parameter, first, sizeParameter, pageSize, in: options.in },
    parameter,
    first,
    stride: 1,
    pageCount,
    parametersAt: (at) => ({ [parameter]: at, ...size }),
    after: (at) => at + 1,
  });
}
