import type { Waiting } from '../../batch/index.ts';
import type { Clock } from '../../core/index.ts';
import { monotonicOf } from '../../core/internal.ts';
import type { ReportedProgress } from './types.ts';

/** Finds the beginning and the end of each outage in the progress of a run. */
export interface Outages {
  progress(progress: ReportedProgress): void;
  /** Whether the run waits for the end of an outage. */
  readonly isWaiting: boolean;
}

interface OutageListeners {
  began(waiting: Waiting): void;
  /** @param duration in milliseconds */
  ended(duration: number): void;
}

/** Returns what a run waits for, if it waits. */
export function waitingOf(progress: ReportedProgress): Waiting | undefined {
  return 'waiting' in progress ? progress.waiting : undefined;
}

export function watchOutages(clock: Clock, { began, ended }: OutageListeners): Outages {
  const now = monotonicOf(clock);
  let since: number | undefined;
  return {
    get isWaiting() {
      return since !== undefined;
    },
    progress(progress) {
      const waiting = waitingOf(progress);
      if (waiting && since === undefined) {
        since = now();
        began(waiting);
      } else if (!waiting && since !== undefined) {
        const duration = now() - since;
        since = undefined;
        ended(duration);
      }
    },
  };
}
