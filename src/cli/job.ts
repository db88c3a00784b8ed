import type { Progress, RunOptions } from '../batch/index.ts';
import { redactUrl, refuse, systemClock } from '../core/internal.ts';
import { chooseVendor } from './choose-vendor.ts';
import { connect } from './connection.ts';
import { readEnvironment } from './environment.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { failureOf } from './failure.ts';
import type { RunFlags } from './flags/run-flags.ts';
import { abortOnSignal } from './interrupt.ts';
import type { Io } from './io.ts';
import { createReporter } from './reporter/create-reporter.ts';
import type { VendorName } from './variables.ts';

/** An export or an import, as its command describes it. */
export interface Job {
  /** Such as `export genesys-conversations`. */
  name: string;
  flags: RunFlags;
  /** Whose credentials; undefined for those that are there. */
  vendor?: VendorName | undefined;
  baseUrl?: string | undefined;
  /** What is asked for, where it can need a base URL that nobody gave. */
  url?: string | undefined;
  /** The file that is written or read, if it is one. */
  file?: string | undefined;
  /** The command that goes on from its checkpoint; undefined where there is none. */
  resume?: string | undefined;
  /** Checks what it was told, before anything is sent. @returns what does it. */
  prepare(): (options: RunOptions) => Promise<JobResult>;
}

/** How a job ended that reached its end. */
interface JobResult {
  message: string;
  summary: Progress;
  /** What should be looked at all the same. */
  warning?: string | undefined;
  /** @default 0 */
  exitCode?: ExitCode;
}

/** Runs a job from its credentials to its last word. @returns the exit code. */
export async function runJob(io: Io, job: Job): Promise<ExitCode> {
  const { flags } = job;
  const { log, progressInterval: interval } = flags;
  const reporter = createReporter({ stream: io.stderr, log, interval, clock: systemClock });
  const { signal, release } = abortOnSignal(
    io,
    () =>
      reporter.warning('ending: the page is finished and the checkpoint written; once more to stop at once'),
    reporter.stop,
  );
  try {
    const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
    const run = job.prepare();
    const { vendor } = chooseVendor(environment, job.vendor);
    const { retries, timeout, restart } = flags;
    const rate = flags.rate === 'none' ? undefined : flags.rate;
    const { baseUrl } = job;
    const { api, tokens } = connect({ vendor, baseUrl, retries, timeout, onEvent: reporter.event });
    // Before any file is touched: whether the credentials are good.
    const token = await tokens.getToken({ signal });
    const base = baseUrl ?? token.apiBaseUrl ?? vendor.apiBaseUrl;
    refuse('--base-url', [
      job.url !== undefined &&
        !URL.canParse(job.url, base) &&
        `name the URL of the API, such as https://api.example.com: ${JSON.stringify(redactUrl(job.url))} alone ` +
          `${base === undefined ? '' : `or after ${JSON.stringify(redactUrl(base))} `}is no URL`,
    ]);
    reporter.started(job.name, job.file);
    const account = [vendor.name, base ?? ''].join(' ');
    const onProgress = reporter.progress;
    const result = await run({ api, tokens, signal, rate, restart, timeout, account, onProgress });
    if (result.warning !== undefined) reporter.warning(result.warning);
    const completion = { exitCode: EXIT.complete, ...result };
    reporter.completed(completion);
    return completion.exitCode;
  } catch (error) {
    const failure = failureOf(signal.aborted ? asInterrupted(error, signal) : error, job.resume);
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.stop();
    release();
  }
}

/** A wait for the token that was aborted ends with axios's own error. */
function asInterrupted(error: unknown, { reason }: AbortSignal): unknown {
  return (error as { code?: unknown }).code === 'ERR_CANCELED' ? reason : error;
}
