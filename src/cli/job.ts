import type { RunOptions } from '../batch/index.ts';
import { parseUrl, redactUrl, refuse, removeUserInfo } from '../core/internal.ts';
import type { Environment } from '../vendors/environment.ts';
import { findArgumentSecrets, refuseCredentials } from './argument-secrets.ts';
import { chooseVendor } from './choose-vendor.ts';
import { reportCompletion } from './completion.ts';
import { connect } from './connection.ts';
import { readEnvironment } from './environment.ts';
import type { ExitCode } from './exit-code.ts';
import { failureOf } from './failure.ts';
import type { RelativePeriod } from './flags/period-flags.ts';
import type { RunFlags } from './flags/run-flags.ts';
import { Interruption } from './interrupt.ts';
import type { Io } from './io.ts';
import { openReporter } from './open-reporter.ts';
import { parseRate } from './parse.ts';
import type { Completion, Reporter } from './reporter/types.ts';
import { resumeCommand } from './resume.ts';
import { watchRun } from './run-signal.ts';
import { openSharing } from './share.ts';
import { VENDOR_VARIABLES, type VendorName } from './variables.ts';

/** An export or import that a command describes. */
export interface Job {
  /** Such as `export genesys-conversations`. */
  name: string;
  /** The arguments of the process. */
  args: readonly string[];
  flags: RunFlags;
  /** @default the vendor whose credentials are set */
  vendor?: VendorName | undefined;
  baseUrl?: string | undefined;
  /** The URL of the request, if it can need a base URL. */
  url?: string | undefined;
  /** Whether the requests contain records. The URL must then be on the origin of the API, because any other origin gets no token. */
  sendsRecords?: boolean | undefined;
  /** The file to write or read; undefined for standard output. */
  file?: string | undefined;
  /** Whether the job has a checkpoint. */
  canResume: boolean;
  /** The dates that have another meaning on another day, if any. */
  relative?: RelativePeriod | undefined;
  /** Checks the flags before any request. */
  prepare(reporter: Reporter, environment: Environment): JobRun;
}

/** A job whose flags are checked. */
export interface JobRun {
  /** Returns whether nothing is to do. The run then sends no request, not even for a token. @default false */
  isIdle?(options: RunOptions): Promise<boolean>;
  /** @param options have no `account` if nothing is to do and only a token could tell the account. */
  run(options: RunOptions): Promise<Completion>;
}

/** Runs a job and reports its progress and result. @returns the exit code. */
export async function runJob(io: Io, job: Job): Promise<ExitCode> {
  const { flags, baseUrl, url } = job;
  const secrets = findArgumentSecrets(job.args);
  const reporter = openReporter(io, flags, secrets);
  const warning = 'stopping after the current page; interrupt again to stop immediately';
  const { signal, memory, release } = watchRun(io, reporter, warning);
  try {
    const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
    refuseCredentials({ '--base-url': baseUrl, '--url': url });
    const prepared = job.prepare(reporter, environment);
    const { name, vendor } = chooseVendor(environment, job.vendor);
    const { retries, timeout, restart, maxOutage } = flags;
    const rate = flags.rate ?? parseRate(VENDOR_VARIABLES[name].rate);
    const sharing = await openSharing(io, flags, vendor);
    const store = sharing?.store;
    const { api, tokens } = connect({ vendor, baseUrl, retries, timeout, store, onEvent: reporter.event });
    memory.limitResponses(api);
    const options = {
      ...{ api, tokens, signal, maxOutage, restart, timeout },
      rate: rate === 'none' ? undefined : (sharing?.rate(rate) ?? rate),
      onProgress: reporter.progress,
    };
    // Check the credentials before a file is created or renamed.
    const token = (await prepared.isIdle?.(options)) ? undefined : await tokens.getToken({ signal });
    const base = baseUrl ?? token?.apiBaseUrl ?? vendor.apiBaseUrl;
    if (url !== undefined) {
      refuse('--base-url', [baseUrlProblem(url, base)]);
      refuse('--url', [job.sendsRecords && originProblem(url, base)]);
    }
    reporter.started(job.name, job.file);
    // Without a token, the API of NICE CXone is unknown.
    const isKnown = token !== undefined || base !== undefined;
    const account = isKnown ? [vendor.name, removeUserInfo(base ?? '')].join(' ') : undefined;
    const completion = await prepared.run({ ...options, account });
    return reportCompletion(reporter, completion);
  } catch (error) {
    const failure = failureOf(signal.aborted ? asInterrupted(error, signal) : error, {
      command: job.name,
      relative: job.relative,
      resume: job.canResume ? resumeCommand(job.args, io.env, job.relative) : undefined,
    });
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.stop();
    release();
  }
}

function baseUrlProblem(url: string, base: string | undefined): string | undefined {
  const parsed = parseUrl(url, base);
  if (parsed && /^https?:$/.test(parsed.protocol)) return undefined;
  const shown = `--url ${JSON.stringify(redactUrl(url))}`;
  const whole = base === undefined ? shown : `${JSON.stringify(redactUrl(base))} with ${shown}`;
  const wrong = parsed
    ? `${whole} is not an http or https URL`
    : base === undefined
      ? `missing, but ${shown} is relative`
      : `${whole} is not a URL`;
  return `${wrong}; set the base URL of the API, such as https://api.example.com`;
}

/** Returns the problem of an absolute URL that gets no token. */
function originProblem(url: string, base: string | undefined): string | undefined {
  const origin = parseUrl(url)?.origin ?? parseUrl(url, base)?.origin;
  if (base !== undefined && origin === parseUrl(base)?.origin) return undefined;
  const known = base === undefined ? 'the base URL of the API is unknown' : `the API is ${redactUrl(base)}`;
  return `${JSON.stringify(redactUrl(url))} would get the records without a token, because ${known}; set --base-url ${origin} if this origin may get the token`;
}

/** Replaces the error of an aborted run or of an aborted wait for the token, unless the run describes an interruption. */
function asInterrupted(error: unknown, { reason }: AbortSignal): unknown {
  if (!(reason instanceof Interruption)) return reason;
  return (error as { code?: unknown }).code === 'ERR_CANCELED' ? reason : error;
}
