import type { Job } from 'bullmq';
import { monotonicOf, systemClock } from '../core/internal.ts';

/** Progress of a part or of the merge. */
export interface JobProgress {
  readonly records: number;
  readonly pages: number;
  /** Expected number of records, if known. */
  readonly total?: number | undefined;
}

// In milliseconds.
const INTERVAL = 1000;

/** Writes the progress of a job into the field that dashboards of BullMQ show. */
export function reportTo(job: Pick<Job, 'updateProgress'>): (progress: JobProgress) => void {
  const now = monotonicOf(systemClock);
  let writtenAt = Number.NEGATIVE_INFINITY;
  return ({ records, pages, total }) => {
    if (now() - writtenAt < INTERVAL) return;
    writtenAt = now();
    // Dashboards draw only numbers. The job is complete only when it has ended, so the number stays below 100.
    const value = total ? Math.min(99, Math.floor((records * 100) / total)) : { records, pages };
    job.updateProgress(value).catch(() => {});
  };
}
