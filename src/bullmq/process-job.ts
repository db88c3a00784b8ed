import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import type { ConfigurationError } from '../core/index.ts';
import { isScopeRefusal, isWhole, type OptionTable, readOptions } from '../core/internal.ts';
import { readDescription } from './description.ts';
import { refuseNewer, VERSION } from './format-version.ts';
import { isLost, isWorthAnotherAttempt } from './job-errors.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { exportKeys } from './keys.ts';
import type { LeaveAlone } from './leave-alone.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { LeftAloneError } from './left-alone-error.ts';
import { cleanUp, mergeParts } from './merge-job.ts';
import { nameProblem } from './names.ts';
import type { OutageLimit } from './outage-limit.ts';
import { type ClaimingWorker, claimPart, type PartClaim } from './part-claim.ts';
import { exportPart } from './part-job.ts';
import type { ExportWorkerEvent } from './worker-options.ts';

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
}

/** Milliseconds for which a job waits after an outage if it has no delay. */
const DEFAULT_DELAY = 5_000;

interface JobEnd {
  readonly signal: AbortSignal;
  /** Returns whether the signal was aborted because the worker is closing. */
  isClosing(): boolean;
}

/** Processes one job, and rejects with the error that makes BullMQ repeat, fail or requeue the job. */
export async function processJob(worker: WorkerContext, job: Job, token: string | undefined, end: JobEnd) {
  try {
    return await processOwn(worker, job, token, end);
  } catch (error) {
    throw error instanceof LeftAloneError
      ? await worker.leaveAlone.leave(job, token, error, end.signal)
      : error;
  }
}

/** Returns a job to the queue for a while, without counting an attempt. @param delay in milliseconds. */
async function postpone({ bullmq }: WorkerContext, job: Job, token: string | undefined, delay: number) {
  await job.moveToDelayed(Date.now() + delay, token).catch(() => {});
  return new bullmq.DelayedError();
}

async function processOwn(worker: WorkerContext, job: Job, token: string | undefined, end: JobEnd) {
  const { bullmq, emit } = worker;
  let claim: PartClaim | undefined;
  const { name, run, part } = readJob(worker, job);
  const about = { name, ...(part !== undefined && { part }) };
  try {
    const keys = exportKeys(worker.prefix, worker.queue, name);
    const ledger = createLedger(worker.client, keys, worker.timeout);
    await declineForeign(worker, ledger);
    const own: JobOfExport = { ...about, run, keys, ledger, signal: end.signal };
    const label = part === undefined ? `the merge of ${name}` : `part ${part} of ${name}`;
    const key = part === undefined ? keys.merge : keys.part(part);
    const claimed = await claimPart({ ledger, name, key, run, label, worker: worker.claiming });
    worker.leaveAlone.claimed();
    if (typeof claimed === 'string') return await skip(worker, own, claimed);
    claim = claimed;
    emit({ type: 'started', ...about });
    const description = readDescription((await ledger.read()).description ?? '');
    const { records } =
      part === undefined
        ? await mergeParts(worker.context, own, description, claim)
        : await exportPart(worker.context, own, description, claim, (progress) => {
            if (!progress.waiting) worker.outages.answered();
            emit({ type: 'progress', ...about, progress });
          });
    emit({ type: 'finished', ...about, records });
    return { records };
  } catch (thrown) {
    if (thrown instanceof LeftAloneError) throw thrown;
    const error = toBatchError(thrown);
    if (end.isClosing()) {
      await job.moveToWait(token).catch(() => {});
      emit({ type: 'handed-back', ...about });
      throw new bullmq.WaitingError();
    }
    // BullMQ knows which worker has the job, and gives a job without a worker to another worker.
    const loseJob = (reason: Error) => {
      emit({ type: 'lost', ...about, error: reason });
      return new bullmq.WaitingError();
    };
    if (end.signal.aborted || isLost(error)) throw loseJob(error);
    const { attempts = 1, backoff } = job.opts;
    if (worker.outages.allows(error)) {
      emit({ type: 'retrying', ...about, error });
      const { delay = DEFAULT_DELAY } = Object(backoff) as { delay?: number };
      throw await postpone(worker, job, token, delay);
    }
    if (isWorthAnotherAttempt(error) && job.attemptsMade + 1 < attempts) {
      emit({ type: 'retrying', ...about, error });
      throw error;
    }
    await claim?.note('failure', { ...about, ...describe(error) }).catch((reason: Error) => {
      throw loseJob(reason);
    });
    emit({ type: 'failed', ...about, error });
    throw new bullmq.UnrecoverableError(error.message);
  }
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

/** Data of a job. */
interface JobData {
  version: unknown;
  name: unknown;
  run: unknown;
  part: unknown;
}

const JOB_DATA: OptionTable<JobData> = { version: 'any', name: 'any', run: 'any', part: 'any' };

/** Validates the data of a job, because it comes from Redis. */
function readJob({ bullmq }: WorkerContext, { data }: Job) {
  const [{ version, name, run, part }, problems] = readOptions(Object(data) as JobData, JOB_DATA);
  refuseNewer(String(name), version);
  const isPart = part === undefined || isWhole(part);
  if (nameProblem('name', name) || !/^\d+$/.test(String(run)) || !isPart || problems.some(Boolean)) {
    throw new bullmq.UnrecoverableError(
      ['the job is not part of an export', ...problems.filter(Boolean)].join(': ') +
        '. Use this queue for exports only, and run the same version of axios-oauth-refresh on all hosts.',
    );
  }
  return { name: String(name), run: String(run), part: part === undefined ? undefined : Number(part) };
}

function describe(error: BatchError | ConfigurationError) {
  const { message } = error;
  if (error instanceof BatchError) {
    const { code, resumable, permanent, tolerance } = error;
    return { code, message, resumable, permanent, tolerance, cause: causeOf(error) };
  }
  // The options of the worker or of the export are wrong.
  return { code: 'ERR_QUEUE', message, resumable: true, permanent: false };
}

/** The response of an axios error. */
interface Refusal {
  status?: unknown;
  headers?: unknown;
}

/** Returns the only fields of an error that may go to Redis, because axios errors contain the token. */
function causeOf({ cause }: BatchError): object {
  const { code, response } = Object(cause) as { code?: unknown; response?: Refusal };
  return { code, status: response?.status, ...(isScopeRefusal(response?.headers) && { scope: true }) };
}
