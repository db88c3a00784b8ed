import { BatchError } from '../errors.ts';
import { parseDate } from './interval.ts';

/**
 * Returns the start of a record.
 *
 * @param value of the member or column that the caller has named.
 * @param label names the request in messages.
 * @param where names the member or column in messages.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for any other value: without a start, the record would be in the files of several days.
 */
export function requiredStart(value: unknown, label: string, where: string): string {
  if (typeof value === 'string' && !Number.isNaN(parseDate(value))) return value;
  const what = value === undefined || value === null || value === '' ? 'nothing' : 'another value';
  throw new BatchError(
    `${label} returned a record with ${what} as ${where}, which must be the time at which the record began, in ISO 8601 with a zone. ` +
      'Correct startedAt, or remove it.',
    'ERR_UNEXPECTED_ANSWER',
    { permanent: true },
  );
}
