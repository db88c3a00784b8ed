import { BatchError } from '../errors.ts';
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
  const stated = isMissing ? undefined : numberOf(value);
  // Some APIs return the total on the first page only.
  const isRequired = options.total !== undefined && items.length > 0 && total === undefined;
  if (stated === undefined && (isRequired || !isMissing)) {
    throw unexpected(
      describeRequest(options),
      `returned ${shown(value)} as ${options.total}, which must be the total number of records`,
    );
  }
  // Some APIs state 0 on the page after the last one. The records that were received contradict it.
  const known = stated === 0 && items.length === 0 && received > 0 ? total : (stated ?? total);
  return {
    count: { received: received + items.length, ...(known !== undefined && { total: known }) },
    stated,
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

/**
 * Throws if fewer records arrived than announced. More records are accepted, because data grows.
 *
 * @param tolerance the fraction of the total that may be missing, rounded down to whole records.
 * @throws BatchError `ERR_TOTAL_MISMATCH`
 */
export function checkTotal({ received, total }: RecordCount, tolerance: number, label: string): void {
  if (total === undefined || received >= total - Math.floor(total * tolerance)) return;
  const missing = total - received;
  const enough = Math.ceil((missing / total) * 10_000) / 10_000;
  throw new BatchError(
    `${label} announced ${total} records, but ended after ${received}: ${missing} are missing. The received records are ` +
      'saved. Check whether the missing ones were deleted during the export, or set restart (--restart) to start over. To ' +
      `accept the difference, run the same export again with a totalTolerance (--total-tolerance) of ${enough}.`,
    'ERR_TOTAL_MISMATCH',
  );
}
