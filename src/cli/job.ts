import type { Progress, RunOptions } from '../batch/index.ts';
import { parseUrl, redactUrl, refuse, systemClock } from '../core/internal.ts';
import { chooseVendor } from './choose-vendor.ts';
import { connect } from './connection.ts';
import { readEnvironment } from './environment.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { failureOf } from './failure.ts';
import type { RunFlags } from './flags/run-flags.ts';
import { abortOnSignal, Interruption } from './interrupt.ts';
import type { Io } from './io.ts';
import { watchMemory } from './memory.ts';
import { createReporter } from './reporter/create-reporter.ts';
import type { VendorName } from './variables.ts';

/** An export or import that a command describes. */
export interface Job {
  /** Such as `export genesys-conversations`. */
  name: string;
  flags: RunFlags;
  /** @default the vendor whose credentials are set */
  vendor?: VendorName | undefined;
  baseUrl?: string | undefined;
  /** The URL of the request, if it can need a base URL. */
  url?: string | undefined;
  /** The file to write or read; undefined for standard output. */
  file?: string | undefined;
  /** The command that resumes the job; undefined if the job has no checkpoint. */
  resume?: string | undefined;
  /** Checks the flags before any request. @returns the function that runs the job. */
  prepare(): (options: RunOptions) => Promise<JobResult>;
}

/** The result of a complete job. */
interface JobResult {
  message: string;
  summary: Progress;
  warning?: string | undefined;
  /** @default 0 */
  exitCode?: ExitCode;
}

/** Runs a job and reports its progress and result. @returns the exit code. */
export async function runJob(io: Io, job: Job): Promise<ExitCode> {
  const { flags } = job;
  const { log, progressInterval: interval } = flags;
  const reporter = createReporter({ stream: io.stderr, log, interval, clock: systemClock, env: io.env });
  const memory = watchMemory();
  const { signal: interruption, release } = abortOnSignal(
    io,
    () => reporter.interrupted('stopping after the current page; interrupt again to stop immediately'),
    reporter.stop,
  );
  const signal = AbortSignal.any([interruption, memory.signal]);
  try {
    const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
    const run = job.prepare();
    const { vendor } = chooseVendor(environment, job.vendor);
    const { retries, timeout, restart } = flags;
    const rate = flags.rate === 'none' ? undefined : flags.rate;
    const { baseUrl } = job;
    const { api, tokens } = connect({ vendor, baseUrl, retries, timeout, onEvent: reporter.event });
    memory.limitResponses(api);
    // Check the credentials before a file is created or renamed.
    const token = await tokens.getToken({ signal });
    const base = baseUrl ?? token.apiBaseUrl ?? vendor.apiBaseUrl;
    refuse('--base-url', [
      job.url !== undefined &&
        !parseUrl(job.url, base) &&
        (base === undefined
          ? `missing, but --url ${JSON.stringify(redactUrl(job.url))} is relative`
          : `${JSON.stringify(redactUrl(base))} with --url ${JSON.stringify(redactUrl(job.url))} is not a URL`) +
          '; set the base URL of the API, such as https://api.example.com',
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
    memory.stop();
    release();
  }
}

/** Replaces the error of an aborted run or of an aborted wait for the token, unless the run describes an interruption. */
function asInterrupted(error: unknown, { reason }: AbortSignal): unknown {
  if (!(reason instanceof Interruption)) return reason;
  return (error as { code?: unknown }).code === 'ERR_CANCELED' ? reason : error;
}
