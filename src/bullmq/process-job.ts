import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import type { ConfigurationError } from '../core/index.ts';
import { isError } from '../core/internal.ts';
import { readDescription } from './description.ts';
import { carryOut, handBack, isForBullmq, postpone, requeue } from './end-job.ts';
import { createFailurePolicy, type FailurePolicy } from './failure-policy.ts';
import { VERSION } from './format-version.ts';
import { readJob } from './job-data.ts';
import { isLost, isWorthAnotherAttempt } from './job-errors.ts';
import { reportTo } from './job-progress.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { exportKeys } from './keys.ts';
import type { LeaveAlone } from './leave-alone.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { LeftAloneError } from './left-alone-error.ts';
import { cleanUp, mergeParts } from './merge-job.ts';
import type { OutageLimit } from './outage-limit.ts';
import { type ClaimingWorker, claimPart, type PartClaim } from './part-claim.ts';
import { createPartFailures } from './part-failures.ts';
import { exportPart } from './part-job.ts';
import type { Presence } from './presence.ts';
import { faultOf } from './worker-fault.ts';
import type { ExportWorkerEvent } from './worker-options.ts';
import type { WorkerPause } from './worker-pause.ts';
import type { WorkerRegistry } from './worker-registry.ts';

/** State of a worker that its jobs use. */
interface WorkerContext {
  readonly bullmq: typeof import('bullmq');
  readonly client: Redis;
  readonly prefix: string;
  readonly queue: string;
  /** Timeout of a command, in milliseconds. After this time without Redis, another worker has the job. */
  readonly timeout: number;
  readonly context: JobContext;
  readonly emit: (event: ExportWorkerEvent) => void;
  readonly claiming: ClaimingWorker;
  readonly leaveAlone: LeaveAlone;
  readonly outages: OutageLimit;
  readonly registry: WorkerRegistry;
  readonly presence: Presence;
  readonly pause: WorkerPause;
}

/** Milliseconds for which a job waits after an outage if it has no delay. */
const DEFAULT_DELAY = 5_000;

interface JobEnd {
  readonly signal: AbortSignal;
  /** Returns whether the signal was aborted because the worker is closing. */
  isClosing(): boolean;
}

/** One attempt of a worker at a job. */
interface Attempt {
  readonly worker: WorkerContext;
  readonly job: Job;
  readonly token: string | undefined;
  readonly own: JobOfExport;
  /** For events. */
  readonly about: { readonly name: string; readonly part?: number };
  readonly policy: FailurePolicy;
  /** Claims the part or the merge for this attempt. */
  claim(worker: ClaimingWorker): ReturnType<typeof claimPart>;
  /** Undefined until the part is claimed. */
  claimed?: PartClaim;
}

type JobResult = { readonly records: number } | { readonly skipped: string };

/** Processes one job, and rejects with the error that makes BullMQ repeat, fail or requeue the job. */
export async function processJob(worker: WorkerContext, job: Job, token: string | undefined, end: JobEnd) {
  // BullMQ fetched the job before the pause.
  if (worker.pause.isActive) throw await requeue(worker, job, token);
  try {
    const attempt = prepareAttempt(worker, job, token, end.signal);
    return await runAttempt(attempt).catch((thrown: unknown) => endFailedAttempt(attempt, thrown, end));
  } catch (error) {
    throw error instanceof LeftAloneError
      ? await worker.leaveAlone.leave(job, token, error, end.signal)
      : error;
  }
}

function prepareAttempt(
  worker: WorkerContext,
  job: Job,
  token: string | undefined,
  signal: AbortSignal,
): Attempt {
  const { client, timeout, prefix, queue } = worker;
  const { name, run, part } = readJob(worker, job);
  const about = { name, ...(part !== undefined && { part }) };
  const keys = exportKeys(prefix, queue, name);
  const ledger = createLedger(client, keys, timeout);
  const failures = createPartFailures(client, { keys, run, timeout });
  const label = part === undefined ? `the merge of ${name}` : `part ${part} of ${name}`;
  return {
    worker,
    job,
    token,
    own: { ...about, run, keys, ledger, signal },
    about,
    policy: createFailurePolicy({ ...worker, part, failures }),
    claim: (claiming) => claimPart({ ledger, name, key: keys.job(part), run, label, worker: claiming }),
  };
}

async function runAttempt(attempt: Attempt): Promise<JobResult> {
  const { worker, job, token, own, about, policy } = attempt;
  const { context, emit, outages, pause } = worker;
  const { ledger, part } = own;
  await declineForeign(worker, ledger);
  const claim = await attempt.claim(worker.claiming);
  worker.leaveAlone.claimed();
  if (typeof claim === 'string') return skip(worker, own, claim);
  attempt.claimed = claim;
  const decision = await policy.beforeAttempt();
  if (decision !== 'export') throw await carryOut(worker, job, token, { claim, decision, about });
  emit({ type: 'started', ...about });
  const description = readDescription((await ledger.read()).description ?? '');
  const report = reportTo(job);
  const { records } =
    part === undefined
      ? await mergeParts(context, own, description, claim, report)
      : await exportPart(context, own, description, claim, (progress) => {
          if (!progress.waiting) {
            outages.answered();
            pause.answered();
          }
          report(progress);
          emit({ type: 'progress', ...about, progress });
        });
  job.updateProgress(100).catch(() => {});
  pause.finished();
  emit({ type: 'finished', ...about, records });
  return { records };
}

/** Ends a failed attempt: returns the job to the queue, repeats the job, or fails the export. */
async function endFailedAttempt(attempt: Attempt, thrown: unknown, end: JobEnd): Promise<JobResult> {
  const { worker, job, token, about } = attempt;
  const { bullmq, emit, outages } = worker;
  if (thrown instanceof LeftAloneError || isForBullmq(bullmq, thrown)) throw thrown;
  const error = toBatchError(thrown);
  if (end.isClosing()) throw await handBack(worker, job, token, about);
  if (end.signal.aborted || isLost(error)) throw loseJob(attempt, error);
  const { attempts = 1, backoff } = job.opts;
  if (faultOf(error) === undefined) {
    const isOutage = outages.allows(error);
    if (isOutage || (isWorthAnotherAttempt(error) && job.attemptsMade + 1 < attempts)) {
      emit({ type: 'retrying', ...about, error });
      // BullMQ counts an attempt and delays the job.
      if (!isOutage) throw error;
      const { delay = DEFAULT_DELAY } = Object(backoff) as { delay?: number };
      throw await postpone(worker, job, token, delay);
    }
  }
  try {
    return await endByPolicy(attempt, error, attempts);
  } catch (reason) {
    throw isError(reason) && isLost(reason) ? loseJob(attempt, reason) : reason;
  }
}

/** Returns a result if another worker has ended the job. @throws the error for BullMQ. BatchError if the job is lost. */
async function endByPolicy(
  attempt: Attempt,
  error: BatchError | ConfigurationError,
  attempts: number,
): Promise<JobResult> {
  const { worker, job, token, own, about, policy } = attempt;
  // Without a claim, the directory of this worker is wrong. Only a worker that has claimed the part may report that.
  const claim = attempt.claimed ?? (await attempt.claim({ ...worker.claiming, directory: undefined }));
  if (typeof claim === 'string') return skip(worker, own, claim);
  const decision = await policy.afterFailure(claim, error, attempts);
  throw await carryOut(worker, job, token, { claim, decision, about, error });
}

/** Returns the error for BullMQ, which knows which worker has the job, and gives a job without a worker to another worker. */
function loseJob({ worker, about }: Attempt, error: Error): Error {
  worker.emit({ type: 'lost', ...about, error });
  return new worker.bullmq.WaitingError();
}

/** @throws LeftAloneError if the worker's options say that it cannot process this export. */
async function declineForeign({ context: { declines } }: WorkerContext, ledger: Ledger): Promise<void> {
  if (!declines) return;
  const { description, account } = await ledger.read();
  const reason = description === undefined ? undefined : declines(readDescription(description).common);
  if (reason !== undefined)
    throw new LeftAloneError(reason, account ? { version: VERSION, account } : undefined);
}

async function skip(
  { emit, context }: WorkerContext,
  job: JobOfExport,
  reason: 'superseded' | 'complete' | 'failed',
) {
  const { name, part, ledger } = job;
  if (reason === 'complete' && part === undefined) {
    // A worker was killed after it had noted the summary and before it had cleaned up.
    const { description } = await ledger.read();
    if (description !== undefined) await cleanUp(context, job, readDescription(description));
  }
  emit({ type: 'skipped', name, ...(part !== undefined && { part }), why: reason });
  return { skipped: reason };
}
