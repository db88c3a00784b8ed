import type { Progress } from '../../src/batch/index.ts';

/** The progress of a run with 1,234 of 5,000 records. */
export const PROGRESS: Progress = {
  records: 1234,
  pages: 13,
  total: 5000,
  repeated: 0,
  requests: 15,
  retries: 2,
  replays: 1,
  refreshes: 1,
  elapsed: 4000,
  recordsPerSecond: 308.5,
  remaining: 125_000,
};
