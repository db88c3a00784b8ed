import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { BatchError } from '../batch/index.ts';
import { toBatchError } from '../batch/internal.ts';
import type { ConfigurationError } from '../core/index.ts';
import { readDescription } from './description.ts';
import { isLost, isWorthAnotherTry } from './job-errors.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { exportKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { mergeParts, tidy } from './merge-job.ts';
import { nameProblem } from './names.ts';
import { claimPart, type PartClaim } from './part-claim.ts';
import { exportPart } from './part-job.ts';
import type { ExportWorkerEvent } from './worker-options.ts';

/** What a worker gives to each of its jobs. */
interface WorkerContext {
  readonly bullmq: typeof import('bullmq');
  readonly client: Redis;
  readonly prefix: string;
  readonly queue: string;
  /** Of a command, in milliseconds: after as long without Redis the job is somebody else's. */
  readonly timeout: number;
  readonly context: JobContext;
  readonly tell: (event: ExportWorkerEvent) => void;
}

interface Ends {
  readonly signal: AbortSignal;
  /** The signal was aborted because the worker is closed. */
  isClosing(): boolean;
}

/** Does one job to its end, and tells BullMQ what is to become of it. */
export async function processJob(worker: WorkerContext, job: Job, token: string | undefined, ends: Ends) {
  const { bullmq, tell } = worker;
  let claim: PartClaim | undefined;
  const { name, run, part } = readJob(worker, job);
  const about = { name, ...(part !== undefined && { part }) };
  try {
    const keys = exportKeys(worker.prefix, worker.queue, name);
    const ledger = createLedger(worker.client, keys, worker.timeout);
    const own: JobOfExport = { ...about, run, keys, ledger, signal: ends.signal };
    const label = part === undefined ? `the merge of ${name}` : `part ${part} of ${name}`;
    const key = part === undefined ? keys.merge : keys.part(part);
    const claimed = await claimPart({ ledger, key, run, label });
    if (typeof claimed === 'string') return await skip(worker, own, claimed);
    claim = claimed;
    tell({ type: 'started', ...about });
    const description = readDescription((await ledger.read()).description ?? '');
    const { records } =
      part === undefined
        ? await mergeParts(worker.context, own, description, claim)
        : await exportPart(worker.context, own, description, claim, (progress) =>
            tell({ type: 'progress', ...about, progress }),
          );
    tell({ type: 'finished', ...about, records });
    return { records };
  } catch (thrown) {
    const error = toBatchError(thrown);
    if (ends.isClosing()) {
      await job.moveToWait(token).catch(() => {});
      tell({ type: 'handed-back', ...about });
      throw new bullmq.WaitingError();
    }
    // The queue sees by itself whose it is; a job that is nobody's is given to somebody again.
    const loseJob = (reason: Error) => {
      tell({ type: 'lost', ...about, error: reason });
      return new bullmq.WaitingError();
    };
    if (ends.signal.aborted || isLost(error)) throw loseJob(error);
    const { attempts = 1 } = job.opts;
    if (isWorthAnotherTry(error) && job.attemptsMade + 1 < attempts) {
      tell({ type: 'retrying', ...about, error });
      throw error;
    }
    await claim?.note('failure', { ...about, ...describe(error) }).catch((reason: Error) => {
      throw loseJob(reason);
    });
    tell({ type: 'failed', ...about, error });
    throw new bullmq.UnrecoverableError(error.message);
  }
}

async function skip(
  { tell, context }: WorkerContext,
  job: JobOfExport,
  why: 'superseded' | 'complete' | 'failed',
) {
  const { name, part, ledger } = job;
  if (why === 'complete' && part === undefined) {
    // Killed behind its last word: what it had still to do is done.
    const { description } = await ledger.read();
    if (description !== undefined) await tidy(context, job, readDescription(description));
  }
  tell({ type: 'skipped', name, ...(part !== undefined && { part }), why });
  return { skipped: why };
}

/** What a job says comes out of Redis. */
function readJob({ bullmq }: WorkerContext, { data }: Job) {
  const { name, run, part }: { name?: unknown; run?: unknown; part?: unknown } = Object(data);
  const isPart = part === undefined || (Number.isSafeInteger(part) && Number(part) >= 0);
  if (nameProblem('name', name) || !/^\d+$/.test(String(run)) || !isPart) {
    throw new bullmq.UnrecoverableError('this is no job of an export: something else writes to this queue');
  }
  return { name: String(name), run: String(run), part: part === undefined ? undefined : Number(part) };
}

function describe(error: BatchError | ConfigurationError) {
  const { message } = error;
  if (error instanceof BatchError) {
    return { code: error.code, message, resumable: error.resumable, cause: causeOf(error) };
  }
  // The worker, or what was submitted, is set up wrongly.
  return { code: 'ERR_QUEUE', message, resumable: true };
}

/** Of what was thrown no more than these go to Redis: errors of axios hold the token. */
function causeOf({ cause }: BatchError): object {
  const { code, response } = Object(cause) as { code?: unknown; response?: { status?: unknown } };
  return { code, status: response?.status };
}
