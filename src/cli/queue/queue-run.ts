import type { ListedExport, WholeSummary } from '../../bullmq/index.ts';
import type { ExportJob } from '../export-job.ts';
import type { Reporter } from '../reporter/types.ts';
import type { Described } from './describe-queued.ts';

/** The queue of a command, and what the command needs to submit exports to it. */
export interface QueueRun {
  readonly job: ExportJob;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Submits an export. @param progress is added to its progress. */
  submit(queued: QueuedExport, progress?: { day: string }): Promise<Submitted>;
  /** Returns all exports of the queue. */
  list(): Promise<readonly ListedExport[]>;
  /** Removes an export from the queue. */
  remove(name: string): Promise<unknown>;
}

/** An export to submit. */
export interface QueuedExport extends Described {
  readonly parts: readonly string[];
  /** Path below the directory of the workers; `false` without a merge. */
  readonly output: string | false;
  readonly replace?: boolean;
  readonly keepSummary?: boolean;
}

/** An export in the queue. */
export interface Submitted {
  readonly isComplete: boolean;
  /** Waits for the export. @throws BatchError if it fails. */
  finished(): Promise<WholeSummary>;
  close(): Promise<void>;
}
