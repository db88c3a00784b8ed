import type { Job } from 'bullmq';
import { BatchError } from '../batch/index.ts';
import type { Judgement } from './judge.ts';
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
const LEAVE_PART_FOR = 100;
const STAND_BACK = 1_000;

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

interface Conclusion {
  claim: PartClaim;
  judgement: Exclude<Judgement, 'export'>;
  about: { name: string; part?: number };
  /** Undefined if this worker has not tried the part. */
  error?: Error;
}

/** Does what the judge says, and returns the error that makes BullMQ follow. @throws BatchError `ERR_LOCKED`. */
export async function conclude(
  worker: EndingWorker,
  job: Job,
  token: string | undefined,
  { claim, judgement, about, error }: Conclusion,
): Promise<Error> {
  const { bullmq, emit } = worker;
  if (judgement === 'return') return handBack(worker, job, token, { ...about, ...(error && { error }) });
  if (judgement === 'leave') {
    if (error) emit({ type: 'retrying', ...about, error });
    worker.pause.rest(STAND_BACK);
    return postpone(worker, job, token, LEAVE_PART_FOR);
  }
  const { message, code, ...fields } = judgement;
  await claim.note('failure', judgement);
  emit({
    type: 'failed',
    ...about,
    error: error?.message === message ? error : new BatchError(message, code, fields),
  });
  return new bullmq.UnrecoverableError(message);
}

/** Returns a job to the queue as the next one, because BullMQ wakes no idle worker for a returned job with a priority. */
export async function putBack(job: Job, token: string | undefined): Promise<void> {
  try {
    if (job.priority > 0) await job.changePriority({ priority: 0 });
    await job.moveToWait(token);
  } catch {
    // BullMQ gives a job without a worker to another worker.
  }
}

/** Returns a job to the queue at once, for other workers. */
export async function handBack(
  { bullmq, emit }: EndingWorker,
  job: Job,
  token: string | undefined,
  about: { name: string; part?: number; error?: Error },
) {
  await putBack(job, token);
  emit({ type: 'handed-back', ...about });
  return new bullmq.WaitingError();
}

/** Returns whether an error tells BullMQ what to do with a job. */
export function isConcluded(bullmq: EndingWorker['bullmq'], thrown: unknown): boolean {
  const { DelayedError, UnrecoverableError, WaitingError } = bullmq;
  return [DelayedError, UnrecoverableError, WaitingError].some((type) => thrown instanceof type);
}
