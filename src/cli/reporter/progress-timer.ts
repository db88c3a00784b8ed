import type { Clock } from '../../core/index.ts';
import type { ReportedProgress } from './types.ts';

/** Reports progress at a fixed interval, even without new progress. */
export interface ProgressTimer {
  progress(progress: ReportedProgress): void;
  stop(): void;
}

/** Creates and starts a timer. @param interval in milliseconds; 0 reports every progress immediately. */
export function createProgressTimer(
  clock: Clock,
  interval: number,
  report: (progress: ReportedProgress) => void,
): ProgressTimer {
  let latest: ReportedProgress | undefined;
  let timer: unknown;
  const schedule = () => {
    timer = clock.setTimeout(() => {
      if (latest) report(latest);
      schedule();
    }, interval);
  };
  if (interval > 0) schedule();
  return {
    progress(progress) {
      latest = progress;
      if (interval === 0) report(progress);
    },
    stop: () => clock.clearTimeout(timer),
  };
}
