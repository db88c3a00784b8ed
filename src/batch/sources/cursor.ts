import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { unexpected } from './answer.ts';
import { followedSource } from './followed.ts';
import { valueAt } from './member-path.ts';
import { type ParamOptions, pagedProblems, withParameters } from './paged-options.ts';
import { describeRequest, PAGED_OPTIONS, type PagedOptions } from './paged-request.ts';
import type { PageSource } from './source.ts';

/** Options of {@link cursorSource}. */
export interface CursorOptions extends PagedOptions, ParamOptions {
  /** The path of the cursor in a response. The checkpoint stores the cursor unencrypted. */
  cursor: string;
  /** The parameter for the cursor in the next request. @default 'cursor' */
  parameter?: string | undefined;
}

export const DEFAULTS = { parameter: 'cursor' } as const;

const OPTIONS: OptionTable<CursorOptions> = {
  ...PAGED_OPTIONS,
  in: 'any',
  cursor: 'any',
  parameter: 'string',
};

/**
 * Reads pages that each contain a cursor to the next page. The last page has a cursor that is absent, null or ''.
 *
 * A wrong path in `cursor` looks like the end after one page. Set `total` if the API returns a total.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * cursorSource({ url: '/audits', items: 'entities', cursor: 'cursors.after', parameter: 'after' })
 */
export function cursorSource(options: CursorOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { cursor: path, parameter = DEFAULTS.parameter } = own;
  refuse('cursorSource', [
    ...pagedProblems(own, [parameter]),
    !path && "cursor must be the path of the cursor in a response, such as 'cursors.after'",
    ...problems,
  ]);
  return followedSource(own, {
    query: { cursor: path, parameter, in: own.in },
    request: (cursor) => withParameters(own, cursor === undefined ? {} : { [parameter]: cursor }),
    leadOf({ body }) {
      const cursor = valueAt(body, path);
      if (cursor === undefined || cursor === null || cursor === '') return undefined;
      if (typeof cursor === 'string' || typeof cursor === 'number') return cursor;
      throw unexpected(
        describeRequest(own),
        `returned ${JSON.stringify(cursor).slice(0, 80)} as ${path}, which is not a cursor`,
      );
    },
  });
}
