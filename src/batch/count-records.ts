/** Returns a number of records in words. */
export function countRecords(count: number): string {
  return count === 1 ? '1 record' : `${count} records`;
}
