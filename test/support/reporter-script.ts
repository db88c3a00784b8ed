/**
 * Reports the progress of a run whose API goes down after one second and answers again after `argv[2]` milliseconds.
 */
import { createReporter } from '../../src/cli/reporter/create-reporter.ts';
import { systemClock } from '../../src/core/internal.ts';

const outage = Number(process.argv[2]);
const { stderr, env } = process;
const reporter = createReporter({ stream: stderr, log: 'text', clock: systemClock, env });
const progress = {
  records: 1234,
  pages: 13,
  total: 5000,
  repeated: 0,
  requests: 15,
  retries: 2,
  replays: 0,
  refreshes: 1,
  elapsed: 4000,
  recordsPerSecond: 308.5,
  remaining: 125_000,
};
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

reporter.started('export', 'a.jsonl');
reporter.progress(progress);
await pause(1000);
const now = Date.now();
const waiting = {
  reason: 'api.mypurecloud.com returned 503',
  retryAt: now + 20_000,
  until: now + 900_000,
};
reporter.progress({ ...progress, waiting });
await pause(outage);
reporter.progress({ ...progress, records: 2468 });
await pause(1000);
reporter.completed({ message: 'complete', summary: progress, exitCode: 0 });
