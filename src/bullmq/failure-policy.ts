import type { BatchError } from '../batch/index.ts';
import type { ConfigurationError } from '../core/index.ts';
import { describeFailure, type ExportFailure, exportFails, hasGivenUp } from './export-failure.ts';
import { isWorthAnotherAttempt } from './job-errors.ts';
import { toNotedFailure } from './noted-failure.ts';
import type { OutageLimit } from './outage-limit.ts';
import type { PartClaim } from './part-claim.ts';
import type { PartFailure, PartFailures } from './part-failures.ts';
import type { Presence } from './presence.ts';
import { faultOf, type WorkerFault } from './worker-fault.ts';
import type { WorkerPause } from './worker-pause.ts';
import type { WorkerInfo, WorkerRegistry } from './worker-registry.ts';
import { canProcess } from './worker-warnings.ts';

/**
 * What a worker does with a part: `export` exports the part; `return` returns the part because the machine of the worker fails; `postpone`
 * leaves the part to other workers, because this worker has given up the part; a failure ends the whole export.
 */
export type Decision = 'export' | 'return' | 'postpone' | ExportFailure;

/** Decides which worker tries a part again after a failure, and when the export fails. */
export interface FailurePolicy {
  /** Decides whether the worker tries a part that the worker has claimed. */
  beforeAttempt(): Promise<Exclude<Decision, 'return'>>;
  /** Notes the failure of a part, and decides what follows. @param attempts of a part on one worker. */
  afterFailure(
    claim: PartClaim,
    error: BatchError | ConfigurationError,
    attempts: number,
  ): Promise<Exclude<Decision, 'export'>>;
}

interface FailurePolicyOptions {
  /** Number of the part; undefined for the merge. */
  part: number | undefined;
  failures: PartFailures;
  registry: Pick<WorkerRegistry, 'list'>;
  presence: Pick<Presence, 'worker'>;
  pause: Pick<WorkerPause, 'begin'>;
  outages: Pick<OutageLimit, 'allows'>;
}

// How often a worker tries until its fault counts as lasting. An API that restarts takes longer than a directory that is mounted again.
const TRIES: Readonly<Record<WorkerFault, number>> = { directory: 2, credentials: 2, network: 3 };

// In milliseconds. Bounds how long the failures of a worker count for the next worker on the same host.
const RESTART_WINDOW = 600_000;

export function createFailurePolicy(options: FailurePolicyOptions): FailurePolicy {
  const { part, failures, registry, presence, pause, outages } = options;
  const { id, host, account, version } = presence.worker;

  /** Returns the live workers that can process the export. Workers of older versions are not counted: they fail an export themselves. */
  async function listWorkers(): Promise<WorkerInfo[]> {
    const others = (await registry.list()).filter(
      (worker) => worker.id !== id && canProcess(worker, { version, account }),
    );
    return [presence.worker, ...others];
  }

  /** Returns undefined if another attempt can succeed. */
  async function failureOfExport(found: readonly PartFailure[]): Promise<ExportFailure | undefined> {
    const known = { part, workers: await listWorkers(), failures: found };
    return exportFails(known) ? describeFailure(known) : undefined;
  }

  return {
    async beforeAttempt() {
      const found = await failures.list();
      if (!hasGivenUp(id, part, found)) return 'export';
      return (await failureOfExport(found)) ?? 'postpone';
    },
    async afterFailure(claim, error, attempts) {
      const fault = faultOf(error);
      const isFinal = !isWorthAnotherAttempt(error);
      const tries = fault ? pause.begin(fault, error) + triesBefore(await failures.list(), { id, host }) : 0;
      const limit = fault ? Math.min(TRIES[fault], attempts) : 0;
      await failures.note(claim, {
        worker: id,
        host,
        part,
        scope: fault ? 'machine' : isFinal ? 'export' : 'part',
        isLasting: isFinal || (tries >= limit && !outages.allows(error)),
        at: Date.now(),
        failure: toNotedFailure(error),
      });
      return (await failureOfExport(await failures.list())) ?? (fault ? 'return' : 'postpone');
    },
  };
}

/**
 * Returns how many other workers on this host have failed recently because of the machine. A worker that is restarted after each failure
 * would otherwise always be at its first try.
 */
function triesBefore(found: readonly PartFailure[], own: { id: string; host: string }): number {
  const since = Date.now() - RESTART_WINDOW;
  return found.filter(
    ({ worker, host, scope, at }) =>
      scope === 'machine' && worker !== own.id && host === own.host && at >= since,
  ).length;
}
