/** Returns a number of records in words. */
export function countRecords(count: number): string {
  return count === 1 ? '1 record' : `${count} records`;
}

/** Returns how many of the stated records may be missing. @param tolerance from 0 to 1. */
export function allowedMissing(stated: number, tolerance: number): number {
  // 100 * 0.29 is 28.999999999999996.
  return Math.floor(Number((stated * tolerance).toPrecision(15)));
}
