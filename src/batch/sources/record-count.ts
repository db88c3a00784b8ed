import { ExactNumber } from '../json/exact-number.ts';
import { shown, unexpected } from './answer.ts';
import { valueAt } from './member-path.ts';
import { describeRequest, type PagedAnswer, type PagedOptions } from './paged-request.ts';

/** How many records were received, and how many the API stated. Cursors contain it. */
export type RecordCount = {
  /** Records, including repeated ones. */
  readonly received: number;
  /** The last number that the API stated. */
  readonly total?: number;
};

/**
 * Adds the records of a page.
 *
 * @returns the sum, and the total that this response states.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` if the total is missing or not a number.
 */
export function addPage(
  { received, total }: RecordCount,
  { body, items }: PagedAnswer,
  options: PagedOptions,
): { count: RecordCount; stated: number | undefined } {
  const value = options.total === undefined ? undefined : valueAt(body, options.total);
  const isMissing = value === undefined || value === null;
  const number = isMissing ? undefined : numberOf(value);
  const stated = Number.isSafeInteger(number) ? number : undefined;
  // Some APIs return the total on the first page only.
  const isRequired = options.total !== undefined && items.length > 0 && total === undefined;
  if (stated === undefined && (isRequired || !isMissing)) {
    throw unexpected(
      describeRequest(options),
      `returned ${shown(value)} as ${options.total}, which must be the total number of records`,
    );
  }
  // Some APIs state 0 on the page after the last one. The records that were received contradict it.
  const isAfterLast = stated === 0 && items.length === 0 && received > 0;
  const known = isAfterLast ? total : (stated ?? total);
  return {
    count: { received: received + items.length, ...(known !== undefined && { total: known }) },
    stated: isAfterLast ? undefined : stated,
  };
}

/** Returns whether as many records were received as the API stated; undefined if it stated no total. */
export function isTotalReached({ received, total }: RecordCount): boolean | undefined {
  return total === undefined ? undefined : received >= total;
}

/** Parses a count from JSON: a number, or a string of digits. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  const number = value instanceof ExactNumber ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
