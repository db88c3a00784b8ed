import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { toBatchError } from '../batch/internal.ts';
import { isError, isWhole, type OptionTable, readOptions } from '../core/internal.ts';
import { readDescription } from './description.ts';
import { conclude, handBack, isConcluded, postpone, putBack } from './end-job.ts';
import { refuseNewer, VERSION } from './format-version.ts';
import { isLost, isWorthAnotherAttempt } from './job-errors.ts';
import { reportTo } from './job-progress.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { createJudge } from './judge.ts';
import { exportKeys } from './keys.ts';
import type { LeaveAlone } from './leave-alone.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { LeftAloneError } from './left-alone-error.ts';
import { cleanUp, mergeParts } from './merge-job.ts';
import { nameProblem } from './names.ts';
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

/** Processes one job, and rejects with the error that makes BullMQ repeat, fail or requeue the job. */
export async function processJob(worker: WorkerContext, job: Job, token: string | undefined, end: JobEnd) {
  if (worker.pause.isActive) {
    // BullMQ fetched the job before the pause.
    await putBack(job, token);
    throw new worker.bullmq.WaitingError();
  }
  try {
    return await processOwn(worker, job, token, end);
  } catch (error) {
    throw error instanceof LeftAloneError
      ? await worker.leaveAlone.leave(job, token, error, end.signal)
      : error;
  }
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
  const ledger = createLedger(worker.client, keys, worker.timeout);
  const label = part === undefined ? `the merge of ${name}` : `part ${part} of ${name}`;
  const claiming = { ledger, name, key: part === undefined ? keys.merge : keys.part(part), run, label };
  try {
    await declineForeign(worker, ledger);
    const own: JobOfExport = { ...about, run, keys, ledger, signal };
    const claimed = await claimPart({ ...claiming, worker: worker.claiming });
    worker.leaveAlone.claimed();
    if (typeof claimed === 'string') return await skip(worker, own, claimed);
    claim = claimed;
    const judgement = await judge.before();
    if (judgement !== 'export') throw await conclude(worker, job, token, { claim, judgement, about });
    emit({ type: 'started', ...about });
    const description = readDescription((await ledger.read()).description ?? '');
    const report = reportTo(job);
    const { records } =
      part === undefined
        ? await mergeParts(worker.context, own, description, claim, report)
        : await exportPart(worker.context, own, description, claim, (progress) => {
            if (!progress.waiting) {
              worker.outages.answered();
              worker.pause.answered();
            }
            report(progress);
            emit({ type: 'progress', ...about, progress });
          });
    job.updateProgress(100).catch(() => {});
    worker.pause.finished();
    emit({ type: 'finished', ...about, records });
    return { records };
  } catch (thrown) {
    if (thrown instanceof LeftAloneError || isConcluded(bullmq, thrown)) throw thrown;
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
      const { delay = DEFAULT_DELAY } = Object(backoff) as { delay?: number };
      throw await postpone(worker, job, token, delay);
    }
    if (!isOfMachine && isWorthAnotherAttempt(error) && job.attemptsMade + 1 < attempts) {
      emit({ type: 'retrying', ...about, error });
      throw error;
    }
    try {
      if (!claim) {
        // The directory of this worker is wrong. Only a worker that has claimed the part may report that.
        const claimed = await claimPart({
          ...claiming,
          worker: { ...worker.claiming, directory: undefined },
        });
        if (typeof claimed === 'string')
          return await skip(worker, { ...about, ...claiming, keys, signal }, claimed);
        claim = claimed;
      }
      const judgement = await judge.after(claim, error, attempts);
      throw await conclude(worker, job, token, { claim, judgement, about, error });
    } catch (reason) {
      throw isError(reason) && isLost(reason) ? loseJob(reason) : reason;
    }
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
