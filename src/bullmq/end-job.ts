import type { Job } from 'bullmq';
import { BatchError } from '../batch/index.ts';
import type { Decision } from './failure-policy.ts';
import type { PartClaim } from './part-claim.ts';
import type { ExportWorkerEvent } from './worker-options.ts';
import type { WorkerPause } from './worker-pause.ts';

/** What a worker needs to end a job without a result. */
interface EndingWorker {
  readonly bullmq: typeof import('bullmq');
  readonly emit: (event: ExportWorkerEvent) => void;
  readonly pause: WorkerPause;
}

// In milliseconds. The worker rests for longer than the part is delayed, so that an idle worker is the first to take the part.
const PART_DELAY = 100;
const REST = 1_000;

/** Returns a job to the queue for a while, without counting an attempt. @param delay in milliseconds. */
export async function postpone(
  { bullmq }: Pick<EndingWorker, 'bullmq'>,
  job: Job,
  token: string | undefined,
  delay: number,
) {
  await job.moveToDelayed(Date.now() + delay, token).catch(() => {});
  return new bullmq.DelayedError();
}

interface DecidedJob {
  claim: PartClaim;
  decision: Exclude<Decision, 'export'>;
  about: { name: string; part?: number };
  /** Undefined if this worker has not tried the part. */
  error?: Error;
}

/** Carries out a decision, and returns the error that makes BullMQ follow. @throws BatchError `ERR_LOCKED`. */
export async function carryOut(
  worker: EndingWorker,
  job: Job,
  token: string | undefined,
  { claim, decision, about, error }: DecidedJob,
): Promise<Error> {
  const { bullmq, emit } = worker;
  if (decision === 'return') return handBack(worker, job, token, { ...about, ...(error && { error }) });
  if (decision === 'postpone') {
    if (error) emit({ type: 'retrying', ...about, error });
    worker.pause.rest(REST);
    return postpone(worker, job, token, PART_DELAY);
  }
  const { message, code, ...fields } = decision;
  await claim.note('failure', decision);
  emit({
    type: 'failed',
    ...about,
    error: error?.message === message ? error : new BatchError(message, code, fields),
  });
  return new bullmq.UnrecoverableError(message);
}

/** Returns a job to the queue, for other workers, and emits an event. */
export async function handBack(
  worker: EndingWorker,
  job: Job,
  token: string | undefined,
  about: { name: string; part?: number; error?: Error },
) {
  const ended = await requeue(worker, job, token);
  worker.emit({ type: 'handed-back', ...about });
  return ended;
}

/** Returns a job to the queue at once. */
export async function requeue(
  worker: Pick<EndingWorker, 'bullmq'>,
  job: Job,
  token: string | undefined,
): Promise<Error> {
  // `moveToWait` wakes no worker for a job with a priority, so that idle workers would notice the job only after 5 seconds.
  if (job.priority > 0) return postpone(worker, job, token, 0);
  await job.moveToWait(token).catch(() => {});
  return new worker.bullmq.WaitingError();
}

/** Returns whether an error tells BullMQ what to do with a job. */
export function isForBullmq(bullmq: EndingWorker['bullmq'], thrown: unknown): boolean {
  const { DelayedError, UnrecoverableError, WaitingError } = bullmq;
  return [DelayedError, UnrecoverableError, WaitingError].some((type) => thrown instanceof type);
}
