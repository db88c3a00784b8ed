import { type Progress, toProgress, type Waiting } from '../progress.ts';
import type { Requests } from '../requests.ts';
import type { RunOptions } from '../run-options.ts';
import type { ExportState } from './state.ts';

/** Measures a run for its progress. */
export interface Meter {
  progress(state: ExportState, waiting?: Waiting): Progress;
  stop(): void;
}

/**
 * Starts to measure a run.
 *
 * @param recordsBefore the records of earlier runs.
 * @param now a monotonic time in milliseconds.
 */
export function startMeter(
  { counts }: Requests,
  tokens: RunOptions['tokens'],
  recordsBefore: number,
  now: () => number,
): Meter {
  const startedAt = now();
  let refreshes = 0;
  const stop = tokens?.subscribe(({ type }) => {
    if (type === 'refresh-succeeded') refreshes++;
  });
  return {
    progress({ records, pages, repeated, total }, waiting) {
      const elapsed = now() - startedAt;
      const before = { recordsBefore, records, pages, repeated, total };
      return toProgress({ ...before, refreshes, ...counts, elapsed, ...(waiting && { waiting }) });
    },
    stop: () => stop?.(),
  };
}
