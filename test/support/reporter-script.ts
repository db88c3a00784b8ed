/**
 * Reports the progress of a run whose API goes down after one second and answers again after `argv[2]` milliseconds.
 */
import { createReporter } from '../../src/cli/reporter/create-reporter.ts';
import { systemClock } from '../../src/core/internal.ts';
import { PROGRESS } from './progress.ts';

const outage = Number(process.argv[2]);
const { stderr, env } = process;
const reporter = createReporter({ stream: stderr, log: 'text', clock: systemClock, env });
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

reporter.started('export', 'a.jsonl');
reporter.progress(PROGRESS);
await pause(1000);
const now = Date.now();
const waiting = {
  reason: 'api.mypurecloud.com returned 503',
  retryAt: now + 20_000,
  until: now + 900_000,
};
reporter.progress({ ...PROGRESS, waiting });
await pause(outage);
reporter.progress({ ...PROGRESS, records: 2468 });
await pause(1000);
reporter.completed({ message: 'complete', summary: PROGRESS, exitCode: 0 });
