import type { BatchError } from '../batch/index.ts';
import type { ConfigurationError } from '../core/index.ts';
import { isWorthAnotherAttempt } from './job-errors.ts';
import { toNotedFailure } from './noted-failure.ts';
import type { OutageLimit } from './outage-limit.ts';
import type { PartClaim } from './part-claim.ts';
import type { PartFailure, PartFailures } from './part-failures.ts';
import type { Presence } from './presence.ts';
import { isDoomed, leavesPart, mostTelling, type Verdict } from './verdict.ts';
import { faultOf, type WorkerFault } from './worker-fault.ts';
import type { WorkerPause } from './worker-pause.ts';
import type { WorkerRegistry } from './worker-registry.ts';
import { canProcess } from './worker-warnings.ts';

/** What a worker that knows the failures of a part does: export the part, return it, leave it to others for a while, or fail the export. */
export type Judgement = 'export' | 'return' | 'leave' | Verdict;

/** Decides which worker tries a part again after a failure, and when the export fails. */
export interface Judge {
  /** Judges a part that the worker has claimed. */
  before(): Promise<Exclude<Judgement, 'return'>>;
  /** Notes the failure of a part, and judges it. @param attempts of a part on one worker. */
  after(
    claim: PartClaim,
    error: BatchError | ConfigurationError,
    attempts: number,
  ): Promise<Exclude<Judgement, 'export'>>;
}

interface JudgeOptions {
  /** Number of the part; undefined for the merge. */
  part: number | undefined;
  failures: PartFailures;
  registry: WorkerRegistry;
  presence: Presence;
  pause: WorkerPause;
  outages: OutageLimit;
}

// How often a worker tries until its fault counts as lasting. An API that restarts takes longer than a directory that is mounted again.
const TRIES: Readonly<Record<WorkerFault, number>> = { directory: 2, credentials: 2, network: 3 };

export function createJudge({ part, failures, registry, presence, pause, outages }: JudgeOptions): Judge {
  const { id, host, account, version } = presence.worker;

  /** Returns undefined if another attempt can succeed. Workers of older versions are not counted: they fail an export themselves. */
  async function verdict(found: readonly PartFailure[]): Promise<Verdict | undefined> {
    const others = (await registry.list()).filter(
      (worker) => worker.id !== id && canProcess(worker, { version, account }),
    );
    const known = { part, workers: [presence.worker, ...others], failures: found };
    return isDoomed(known) ? mostTelling(known) : undefined;
  }

  return {
    async before() {
      const found = await failures.list();
      if (!leavesPart(id, part, found)) return 'export';
      return (await verdict(found)) ?? 'leave';
    },
    async after(claim, error, attempts) {
      const fault = faultOf(error);
      const isFinal = !isWorthAnotherAttempt(error);
      const tries = fault ? pause.begin(fault, error) : 0;
      const limit = fault ? Math.min(TRIES[fault], attempts) : 0;
      await failures.note(claim, {
        worker: id,
        host,
        part,
        scope: fault ? 'machine' : isFinal ? 'export' : 'part',
        isLasting: isFinal || (tries >= limit && !outages.allows(error)),
        failure: toNotedFailure(error),
      });
      return (await verdict(await failures.list())) ?? (fault ? 'return' : 'leave');
    },
  };
}
