import { monotonicOf, systemClock } from '../core/internal.ts';
import { VERSION } from './format-version.ts';
import type { Ledger } from './ledger.ts';
import type { WorkerRegistry } from './worker-registry.ts';
import { workerWarning } from './worker-warnings.ts';

/** Watches whether live workers process an export. */
export interface Attendance {
  /** Whether a worker processes the export now; undefined at first, while workers may be starting. */
  readonly isAttended: boolean | undefined;
  /** Asks Redis, at most once per second, and reports a problem that lasts. */
  check(notes: Awaited<ReturnType<Ledger['read']>>, onWarning: (warning: string) => void): Promise<void>;
}

// All in milliseconds. A worker that starts together with the export is no reason for a warning.
const CHECK_INTERVAL = 1000;
const GRACE = 2500;

export function watchAttendance(
  queue: string,
  registry: Pick<WorkerRegistry, 'list'>,
  isPaused: () => Promise<boolean>,
): Attendance {
  const now = monotonicOf(systemClock);
  let isAttended: boolean | undefined;
  let problem: string | undefined;
  let checkedAt = Number.NEGATIVE_INFINITY;
  /** Since when the same problem lasts. */
  let since: number | undefined;
  const reported = new Set<string>();

  return {
    get isAttended() {
      return isAttended;
    },
    async check({ version, account }, onWarning) {
      if (now() - checkedAt < CHECK_INTERVAL) return;
      checkedAt = now();
      const found = (await isPaused())
        ? `queue ${queue} is paused, so no new parts start. To resume it, run queue resume (resumeQueue)`
        : workerWarning(queue, await registry.list(), { version: Number(version ?? VERSION), account });
      const isSame = found !== undefined && problem !== undefined && kindOf(found) === kindOf(problem);
      if (!isSame) since = now();
      problem = found;
      if (found === undefined) {
        isAttended = true;
        reported.clear();
      }
      if (found === undefined || now() - (since ?? 0) < GRACE) return;
      isAttended = false;
      if (reported.has(kindOf(found))) return;
      reported.add(kindOf(found));
      onWarning(found);
    },
  };
}

/** Returns the warning without hosts and reasons, which can change often. */
function kindOf(warning: string): string {
  return warning.replace(/ \(.*\)/s, '');
}
