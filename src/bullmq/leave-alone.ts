import type { Job } from 'bullmq';
import { monotonicOf, sleep, systemClock } from '../core/internal.ts';
import { postpone } from './end-job.ts';
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
// for so long that this worker reaches its own jobs behind them: a job that returns has its turn and its priority again.
const LEAVE_FOR = 500;
const LEAVE_PER_JOB = 10;
const LEAVE_AGAIN_FOR = 20;
const LEAVE_WITHOUT_WORKER = 5000;

/** How long the worker rests if it finds a job again that it has left, so that other workers find the job first. */
const REST = 1000;

/** Twice the round trips to Redis for a job that is left, because a busy machine or network can become slower. */
const ROUND_TRIPS = 8;

/** For how long a job of others is expected again, at least. */
const COUNT_FOR = 60_000;

/** How long the list of live workers is used. */
const LIST_AGE = 1000;

export function leaveAlone(
  bullmq: typeof import('bullmq'),
  registry: Pick<WorkerRegistry, 'list'>,
  emit: (event: ExportWorkerEvent) => void,
): LeaveAlone {
  const now = monotonicOf(systemClock);
  const reported = new Set<string>();
  /** For how long the jobs were left since the last rest, or since the last job of this worker. */
  const left = new Map<string, number>();
  /** IDs of the jobs that were left since `countedSince`, and their number in the period before. */
  const counted = new Set<string>();
  let countedBefore = 0;
  let countedSince = now();
  /** Average of the last round trips. */
  let roundTrip = 0;
  let workers: Promise<readonly WorkerInfo[]> = Promise.resolve([]);
  let listedAt = Number.NEGATIVE_INFINITY;

  function listWorkers(): Promise<readonly WorkerInfo[]> {
    if (now() - listedAt > LIST_AGE) {
      listedAt = now();
      workers = registry.list().catch(() => []);
    }
    return workers;
  }

  /** Returns for how long a job must be away, so that this worker can leave all jobs of others before the first one returns. */
  function timeToPass(id: string): number {
    if (now() - countedSince > COUNT_FOR) {
      countedBefore = counted.size;
      counted.clear();
      countedSince = now();
    }
    counted.add(id);
    const perJob = Math.max(LEAVE_PER_JOB, ROUND_TRIPS * roundTrip);
    return Math.max(LEAVE_FOR, perJob * Math.max(counted.size, countedBefore));
  }

  return {
    claimed: () => left.clear(),
    async leave(job, token, error, signal) {
      const name = String(Object(job.data).name);
      if (!reported.has(name)) emit({ type: 'left-alone', name, error });
      reported.add(name);
      const { owner } = error;
      const isWanted = !owner || (await listWorkers()).some((worker) => canProcess(worker, owner));
      const id = job.id ?? '';
      const away = timeToPass(id);
      // A job that was away for a shorter time can have returned before the jobs behind it were reached.
      const isAgain = (left.get(id) ?? 0) >= away;
      left.set(id, away);
      const delay = isWanted ? (isAgain ? LEAVE_AGAIN_FOR : away) : Math.max(LEAVE_WITHOUT_WORKER, away);
      const movedAt = now();
      const ended = await postpone({ bullmq }, job, token, delay);
      roundTrip += (now() - movedAt - roundTrip) / 8;
      if (!isAgain) return ended;
      await sleep(systemClock, REST, signal).catch(() => {});
      // Jobs of this worker can be waiting behind the jobs that it has left.
      left.clear();
      return ended;
    },
  };
}
