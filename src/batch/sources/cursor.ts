import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { ExactNumber } from '../json/exact-number.ts';
import { shown, unexpected } from './answer.ts';
import { followedSource, type Lead } from './followed.ts';
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
    why: `the API ignores the parameter ${parameter}, or repeats its last page`,
    advice:
      `Check the name of the parameter ${parameter} (--cursor-parameter), and whether the API expects it in the query or in ` +
      'the body. If the API repeats its last page, set total (--total), so that the export ends there.',
    isLead,
    request(lead) {
      if (lead === undefined) return withParameters(own, {});
      return withParameters(own, {
        [parameter]: typeof lead === 'object' ? new ExactNumber(lead.number) : lead,
      });
    },
    leadOf({ body }) {
      const cursor = valueAt(body, path);
      if (cursor === undefined || cursor === null || cursor === '') return undefined;
      if (typeof cursor === 'string' || typeof cursor === 'number') return cursor;
      // A number with its digits, as JSON for the checkpoint.
      if (cursor instanceof ExactNumber) return { number: cursor.text };
      throw unexpected(describeRequest(own), `returned ${shown(cursor)} as ${path}, which is not a cursor`);
    },
  });
}

function isLead(value: unknown): value is Lead {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' || typeof value === 'number';
  const { number, ...others } = value as { number?: unknown };
  return (
    typeof number === 'string' &&
    /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(number) &&
    Object.keys(others).length === 0
  );
}
