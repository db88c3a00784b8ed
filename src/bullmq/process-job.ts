import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import { isError, isWhole, sleep, systemClock } from '../core/internal.ts';
import { readDescription } from './description.ts';
import { NewerExportError, refuseNewer } from './format-version.ts';
import { isLost, isWorthAnotherAttempt } from './job-errors.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { createJudge, type Judgement } from './judge.ts';
import { exportKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { cleanUp, mergeParts } from './merge-job.ts';
import { nameProblem } from './names.ts';
import type { OutageLimit } from './outage-limit.ts';
import { claimPart, type PartClaim } from './part-claim.ts';
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
  /** The exports of a newer version that an event has named. */
  readonly leftAlone: Set<string>;
  readonly outages: OutageLimit;
  readonly registry: WorkerRegistry;
  readonly presence: Presence;
  readonly pause: WorkerPause;
}

/** Milliseconds for which a job of a newer version waits for another worker. */
const LEAVE_FOR = 5_000;

// In milliseconds. This worker takes nothing for longer than the part is delayed, so that an idle worker is the first to take the part.
const LEAVE_PART_FOR = 100;
const STAND_BACK = 1_000;

interface JobEnd {
  readonly signal: AbortSignal;
  /** Returns whether the signal was aborted because the worker is closing. */
  isClosing(): boolean;
}

/** Processes one job, and rejects with the error that makes BullMQ repeat, fail or requeue the job. */
export async function processJob(worker: WorkerContext, job: Job, token: string | undefined, end: JobEnd) {
  if (worker.pause.isActive) {
    // BullMQ fetched the job before the pause.
    await job.moveToWait(token).catch(() => {});
    throw new worker.bullmq.WaitingError();
  }
  try {
    return await processOwn(worker, job, token, end);
  } catch (error) {
    throw error instanceof NewerExportError ? await leaveAlone(worker, job, token, error) : error;
  }
}

/** Leaves a job of a newer version to another worker, and emits one event for each export. */
async function leaveAlone(
  worker: WorkerContext,
  job: Job,
  token: string | undefined,
  error: NewerExportError,
) {
  const { emit, leftAlone } = worker;
  const name = String(Object(job.data).name);
  if (!leftAlone.has(name)) emit({ type: 'left-alone', name, error });
  leftAlone.add(name);
  return postpone(worker, job, token, LEAVE_FOR);
}

/** Returns a job to the queue for a while, without counting an attempt. @param delay in milliseconds. */
async function postpone({ bullmq }: WorkerContext, job: Job, token: string | undefined, delay: number) {
  await job.moveToDelayed(Date.now() + delay, token).catch(() => {});
  return new bullmq.DelayedError();
}

async function processOwn(worker: WorkerContext, job: Job, token: string | undefined, end: JobEnd) {
  const { bullmq, emit } = worker;
  const { signal } = end;
  let claim: PartClaim | undefined;
  const { name, run, part } = readJob(worker, job);
  const about = { name, ...(part !== undefined && { part }) };
  const keys = exportKeys(worker.prefix, worker.queue, name);
  const failures = createPartFailures(worker.client, { keys, run, timeout: worker.timeout });
  const judge = createJudge({ ...worker, part, failures });
  try {
    const ledger = createLedger(worker.client, keys, worker.timeout);
    const own: JobOfExport = { ...about, run, keys, ledger, signal };
    const label = part === undefined ? `the merge of ${name}` : `part ${part} of ${name}`;
    const key = part === undefined ? keys.merge : keys.part(part);
    const claimed = await claimPart({ ledger, key, run, label });
    if (typeof claimed === 'string') return await skip(worker, own, claimed);
    claim = claimed;
    const judgement = await judge.before();
    if (judgement !== 'export') throw await conclude(worker, job, token, { claim, judgement, about, signal });
    emit({ type: 'started', ...about });
    const description = readDescription((await ledger.read()).description ?? '');
    const { records } =
      part === undefined
        ? await mergeParts(worker.context, own, description, claim)
        : await exportPart(worker.context, own, description, claim, (progress) => {
            if (!progress.waiting) {
              worker.outages.answered();
              worker.pause.answered();
            }
            emit({ type: 'progress', ...about, progress });
          });
    worker.pause.finished();
    emit({ type: 'finished', ...about, records });
    return { records };
  } catch (thrown) {
    if (thrown instanceof NewerExportError || isConcluded(bullmq, thrown)) throw thrown;
    const error = toBatchError(thrown);
    if (end.isClosing()) throw await handBack(worker, job, token, about);
    // BullMQ knows which worker has the job, and gives a job without a worker to another worker.
    const loseJob = (reason: Error) => {
      emit({ type: 'lost', ...about, error: reason });
      return new bullmq.WaitingError();
    };
    if (signal.aborted || isLost(error)) throw loseJob(error);
    const { attempts = 1, backoff } = job.opts;
    const isOfMachine = faultOf(error) !== undefined;
    if (!isOfMachine && worker.outages.allows(error)) {
      emit({ type: 'retrying', ...about, error });
      const { delay = LEAVE_FOR } = Object(backoff) as { delay?: number };
      throw await postpone(worker, job, token, delay);
    }
    if (!isOfMachine && isWorthAnotherAttempt(error) && job.attemptsMade + 1 < attempts) {
      emit({ type: 'retrying', ...about, error });
      throw error;
    }
    // Redis failed before this worker had the part.
    if (!claim) throw loseJob(error);
    try {
      const judgement = await judge.after(claim, error, attempts);
      throw await conclude(worker, job, token, { claim, judgement, about, error, signal });
    } catch (reason) {
      throw isError(reason) && isLost(reason) ? loseJob(reason) : reason;
    }
  }
}

interface Conclusion {
  claim: PartClaim;
  judgement: Exclude<Judgement, 'export'>;
  about: { name: string; part?: number };
  /** Undefined if this worker has not tried the part. */
  error?: Error;
  signal: AbortSignal;
}

/** Does what the judge says, and returns the error that makes BullMQ follow. @throws BatchError `ERR_LOCKED`. */
async function conclude(
  worker: WorkerContext,
  job: Job,
  token: string | undefined,
  { claim, judgement, about, error, signal }: Conclusion,
): Promise<Error> {
  const { bullmq, emit } = worker;
  if (judgement === 'return') return handBack(worker, job, token, { ...about, ...(error && { error }) });
  if (judgement === 'leave') {
    if (error) emit({ type: 'retrying', ...about, error });
    const delayed = await postpone(worker, job, token, LEAVE_PART_FOR);
    await sleep(systemClock, STAND_BACK, signal).catch(() => {});
    return delayed;
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

/** Returns a job to the queue at once, for other workers. */
async function handBack(
  { bullmq, emit }: WorkerContext,
  job: Job,
  token: string | undefined,
  about: { name: string; part?: number; error?: Error },
) {
  await job.moveToWait(token).catch(() => {});
  emit({ type: 'handed-back', ...about });
  return new bullmq.WaitingError();
}

function isConcluded(bullmq: WorkerContext['bullmq'], thrown: unknown): boolean {
  const { DelayedError, UnrecoverableError, WaitingError } = bullmq;
  return [DelayedError, UnrecoverableError, WaitingError].some((type) => thrown instanceof type);
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

/** Validates the data of a job, because it comes from Redis. */
function readJob({ bullmq }: WorkerContext, { data }: Job) {
  const { version, name, run, part } = Object(data) as Readonly<Record<string, unknown>>;
  refuseNewer(String(name), version);
  const isPart = part === undefined || isWhole(part);
  if (nameProblem('name', name) || !/^\d+$/.test(String(run)) || !isPart) {
    throw new bullmq.UnrecoverableError('the job is not part of an export. Use this queue for exports only.');
  }
  return { name: String(name), run: String(run), part: part === undefined ? undefined : Number(part) };
}
