import { BatchError } from '../errors.ts';

// An expiry can be chance, a late reader or a busy night; the third in a row that gains nothing is none of these.
const MAX_FRUITLESS = 3;

/**
 * Makes what keeps a job that always expires from being started again for ever.
 *
 * @param what expires, such as `the details job`.
 * @returns is told how many records a job gave before it expired, and throws BatchError `ERR_JOB` when three in a row did not
 * get further than one before them.
 */
export function createRestartLimit(what: string): (reached: number) => void {
  let furthest = 0;
  let fruitless = 0;
  return (reached) => {
    fruitless = reached > furthest ? 0 : fruitless + 1;
    furthest = Math.max(furthest, reached);
    if (fruitless < MAX_FRUITLESS) return;
    throw new BatchError(
      `${what} expired ${MAX_FRUITLESS} times in a row without getting further than ${furthest} records. ` +
        'Ask for a shorter time, or for fewer records with filters, so that it can be read before it expires.',
      'ERR_JOB',
    );
  };
}
