import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';
import { valueAt } from './member-path.ts';
import { describeRequest, type PagedAnswer, type PagedOptions } from './paged-request.ts';

/** How many records were received, and how many the API announced. Cursors contain it. */
export type RecordCount = {
  /** Records, repeated ones included. */
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
  // Some APIs say it on the first page alone.
  if (options.total !== undefined && items.length > 0 && known === undefined) {
    throw unexpected(
      describeRequest(options),
      `has no number in ${options.total}, where the total should be, but ${JSON.stringify(stated)}`,
    );
  }
  return { received: received + items.length, ...(known !== undefined && { total: known }) };
}

/** A count from JSON: a number, or a text of digits. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/**
 * Refuses an end that came before the total was reached. More records than that are none: data grows.
 *
 * @param tolerance which part of the total may be missing; less than one whole record is none.
 * @throws BatchError `ERR_TOTAL_MISMATCH`
 */
export function checkTotal({ received, total }: RecordCount, tolerance: number, asked: string): void {
  if (total === undefined || received >= total - Math.floor(total * tolerance)) return;
  const missing = total - received;
  const enough = Math.ceil((missing / total) * 10_000) / 10_000;
  throw new BatchError(
    `${asked} said that there are ${total} records, but ended after ${received}: ${missing} are missing. What came is ` +
      'kept. Find out whether they were deleted meanwhile, or begin anew (restart). To accept it, run the same again ' +
      `with a totalTolerance (--total-tolerance) of ${enough}.`,
    'ERR_TOTAL_MISMATCH',
  );
}
