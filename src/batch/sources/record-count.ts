import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';
import { valueAt } from './member-path.ts';
import { describeRequest, type PagedAnswer, type PagedOptions } from './paged-request.ts';

/** How many records were received, and how many the API announced. Cursors contain it. */
export type RecordCount = {
  /** Records, including repeated ones. */
  readonly received: number;
  /** The last number that the API announced. */
  readonly total?: number;
};

/**
 * Adds the records of a page.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` if the total is missing.
 */
export function addPage(
  { received, total }: RecordCount,
  { body, items }: PagedAnswer,
  options: PagedOptions,
): RecordCount {
  const stated = options.total === undefined ? undefined : valueAt(body, options.total);
  const known = stated === undefined || stated === null ? total : numberOf(stated);
  // Some APIs return the total on the first page only.
  if (options.total !== undefined && items.length > 0 && known === undefined) {
    throw unexpected(
      describeRequest(options),
      `returned ${JSON.stringify(stated) ?? 'nothing'} as ${options.total}, which must be the total number of records`,
    );
  }
  return { received: received + items.length, ...(known !== undefined && { total: known }) };
}

/** Parses a count from JSON: a number, or a string of digits. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  return typeof value === 'number' && value >= 0 ? value : undefined;
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
