import type { Job } from 'bullmq';
import { monotonicOf, sleep, systemClock } from '../core/internal.ts';
import type { LeftAloneError } from './left-alone-error.ts';
import type { ExportWorkerEvent } from './worker-options.ts';
import type { WorkerInfo, WorkerRegistry } from './worker-registry.ts';
import { canProcess } from './worker-warnings.ts';

/** Leaves jobs of other accounts and newer versions to other workers. */
export interface LeaveAlone {
  /** Notes that the worker has claimed a job. */
  claimed(): void;
  /** Returns a job to the queue for a while, and emits one event for each export. Returns the error for BullMQ. */
  leave(job: Job, token: string | undefined, error: LeftAloneError, signal: AbortSignal): Promise<Error>;
}

// All in milliseconds. If another worker can process a job, the job must be back when that worker is ready. Otherwise the jobs must be away
// for so long that this worker reaches its own jobs behind them.
const LEAVE_FOR = 500;
const LEAVE_AGAIN_FOR = 20;
const LEAVE_WITHOUT_WORKER = 5000;

/** How long the worker rests if it finds a job again that it has left, so that other workers find the job first. */
const REST = 1000;

/** After this time, the worker looks for its own jobs behind all other jobs again. */
const FORGET_AFTER = 5000;

/** If the worker leaves more jobs than this, jobs with lower turns would always be back before it reaches its own jobs. */
const MANY = 100;
const LEAVE_EACH_OF_MANY_FOR = 10;

/** How long the list of live workers is used. */
const LIST_AGE = 1000;

export function leaveAlone(
  bullmq: typeof import('bullmq'),
  registry: Pick<WorkerRegistry, 'list'>,
  emit: (event: ExportWorkerEvent) => void,
): LeaveAlone {
  const now = monotonicOf(systemClock);
  const reported = new Set<string>();
  /** IDs of the jobs that were left since `startedAt`, or since the last job of this worker. */
  const left = new Set<string>();
  let startedAt = now();
  let workers: Promise<readonly WorkerInfo[]> = Promise.resolve([]);
  let listedAt = Number.NEGATIVE_INFINITY;

  function listWorkers(): Promise<readonly WorkerInfo[]> {
    if (now() - listedAt > LIST_AGE) {
      listedAt = now();
      workers = registry.list().catch(() => []);
    }
    return workers;
  }

  return {
    claimed: () => left.clear(),
    async leave(job, token, error, signal) {
      const name = String(Object(job.data).name);
      if (!reported.has(name)) emit({ type: 'left-alone', name, error });
      reported.add(name);
      const { owner } = error;
      const isWanted = !owner || (await listWorkers()).some((worker) => canProcess(worker, owner));
      if (now() - startedAt > FORGET_AFTER) {
        left.clear();
        startedAt = now();
      }
      const id = job.id ?? '';
      const isAgain = left.has(id);
      left.add(id);
      const isCrowd = left.size > MANY;
      const wanted = isCrowd ? left.size * LEAVE_EACH_OF_MANY_FOR : isAgain ? LEAVE_AGAIN_FOR : LEAVE_FOR;
      const delay = isWanted ? wanted : LEAVE_WITHOUT_WORKER;
      await job.moveToDelayed(Date.now() + delay, token).catch(() => {});
      if (isAgain && !isCrowd) await sleep(systemClock, REST, signal).catch(() => {});
      return new bullmq.DelayedError();
    },
  };
}
