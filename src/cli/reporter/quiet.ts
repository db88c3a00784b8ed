import { EXIT } from '../exit-code.ts';
import type { Reporter } from './types.ts';

/** Leaves out everything except warnings and failures. A complete run prints nothing, unless its exit code is not 0. */
export function quietReporter(reporter: Reporter): Reporter {
  const nothing = () => {};
  return {
    ...reporter,
    started: nothing,
    progress: nothing,
    event: nothing,
    note: nothing,
    completed(completion) {
      if (completion.exitCode === EXIT.complete) reporter.stop();
      else reporter.completed(completion);
    },
  };
}
