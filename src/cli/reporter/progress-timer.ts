import type { Clock } from '../../core/index.ts';
import type { ReportedProgress } from './create-reporter.ts';

/** Tells of progress every so often, also when there is none. */
export interface ProgressTimer {
  progress(progress: ReportedProgress): void;
  stop(): void;
}

/** @param interval in milliseconds; 0 tells of all there is. */
export function everySoOften(
  clock: Clock,
  interval: number,
  tell: (progress: ReportedProgress) => void,
): ProgressTimer {
  let latest: ReportedProgress | undefined;
  let timer: unknown;
  const begin = () => {
    timer = clock.setTimeout(() => {
      if (latest) tell(latest);
      begin();
    }, interval);
  };
  if (interval > 0) begin();
  return {
    progress(progress) {
      latest = progress;
      if (interval === 0) tell(progress);
    },
    stop: () => clock.clearTimeout(timer),
  };
}
