import { numberProblems, refuse } from '../../core/internal.ts';
import { type NumberedOptions, numberedProblems, numberedSource } from './numbered.ts';
import type { PageSource } from './source.ts';

/** Options of {@link offsetSource}. */
export interface OffsetOptions extends NumberedOptions {
  /** What takes how many records to skip. @default 'skip' */
  skipParameter?: string | undefined;
  /** What takes the size of a page. @default 'top' */
  sizeParameter?: string | undefined;
  /** How many records to ask for at a time. Where the API gives fewer, the next page begins behind those. @default 100 */
  pageSize?: number | undefined;
}

export const DEFAULTS = { skipParameter: 'skip', sizeParameter: 'top', pageSize: 100 } as const;

/**
 * Reads pages by how many records are before them, several at a time where `total` says how many there are.
 *
 * The end is a page without records.
 *
 * @throws ConfigurationError that lists everything wrong.
 * @example
 * offsetSource({ url: '/contacts', items: 'contacts', total: 'totalRecords', emptyStatus: 204, id: 'contactId' })
 */
export function offsetSource(options: OffsetOptions): PageSource {
  const { skipParameter = DEFAULTS.skipParameter, sizeParameter = DEFAULTS.sizeParameter } = options;
  const { pageSize = DEFAULTS.pageSize } = options;
  refuse('offsetSource', [
    ...numberedProblems({ ...options, pageSize }, [skipParameter, sizeParameter]),
    ...numberProblems(options, ['pageSize']),
  ]);
  return numberedSource(
    { ...options, pageSize },
    {
      query: { skipParameter, sizeParameter, pageSize, in: options.in },
      parameter: skipParameter,
      first: 0,
      stride: pageSize,
      pageCount: undefined,
      parametersAt: (at) => ({ [skipParameter]: at, [sizeParameter]: pageSize }),
      after: (at, count) => at + count,
    },
  );
}
