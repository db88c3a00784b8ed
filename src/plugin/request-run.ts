import axios, {
  type AxiosAdapter,
  type AxiosError,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { AuthRefreshRequestOptions, Clock, RequestTotals } from '../core/index.ts';
import { withDeadline } from '../core/internal.ts';

/** One request, from its first send to its final response, over all replays and retries. */
export interface RequestRun extends Required<RequestTotals> {
  /** What the request waits for, for the message at the deadline. */
  waitsFor: string;
  /** When the current wait began. */
  waitsSince?: number | undefined;
  /** The deadline, by the monotonic clock. */
  dueAt: number;
  /** When the last response or error was returned. A retry starts later. */
  endedAt: number;
  /** How often axios-retry had sent the request again. */
  retryCount: number;
}

/** Sends one request through the adapter that it would use without the plugin. */
export type RequestPath = (
  config: InternalAxiosRequestConfig,
  adapter: AxiosAdapter,
  run: RequestRun,
) => Promise<AxiosResponse>;

/** The state of axios-retry, which survives a retry, unlike everything else of a config. */
interface RetryState {
  retryCount?: number;
  /** A function, because axios copies objects, and because loggers do not show its result. */
  run?: () => RequestRun;
}

/** Waits for a promise, and counts the time. */
export function measureWait<T>(
  run: RequestRun,
  waitsFor: string,
  now: () => number,
  promise: Promise<T>,
): Promise<T> {
  run.waitsSince = now();
  run.waitsFor = waitsFor;
  return promise.finally(() => {
    endWait(run, now);
    run.waitsFor = 'a response';
  });
}

function endWait(run: RequestRun, now: () => number): void {
  if (run.waitsSince !== undefined) run.waited += now() - run.waitsSince;
  run.waitsSince = undefined;
}

/** Returns the run of a request that is about to be retried. */
export function runOf(config: InternalAxiosRequestConfig): RequestRun | undefined {
  return retryState(config)?.run?.();
}

function retryState(config: InternalAxiosRequestConfig): RetryState | undefined {
  return config['axios-retry'] as RetryState | undefined;
}

/** Starts the run of a request, or continues it if axios-retry sends the request again. */
function startRun(config: InternalAxiosRequestConfig, now: number): RequestRun {
  const { deadline } = config.authRefresh || {};
  const { retryCount = 0, run } = retryState(config) ?? {};
  const earlier = run?.();
  // If the caller sends the config of a failed request again, that is another request.
  if (!earlier || earlier.retryCount >= retryCount) {
    return {
      attempts: 0,
      replays: 0,
      waited: 0,
      waitsFor: 'a response',
      dueAt: now + (deadline ?? Number.POSITIVE_INFINITY),
      endedAt: now,
      retryCount,
    };
  }
  earlier.retryCount = retryCount;
  earlier.waited += now - earlier.endedAt;
  return earlier;
}

/** Adds the totals of a request to its response or error, and the config without the limits of {@link beforeDeadline}. */
function addTotals(
  target: unknown,
  { attempts, replays, waited }: RequestRun,
  config: InternalAxiosRequestConfig,
): void {
  if (!Object.isExtensible(target)) return;
  const result = target as Partial<AxiosResponse>;
  if (result.config) result.config = config;
  result.attempts = attempts;
  result.replays = replays;
  result.waited = waited;
}

/** What {@link runRequest} needs from its attachment. */
export interface RunContext {
  clock: Clock;
  /** The monotonic clock. */
  now: () => number;
  /** Completes the caller's config. May throw. */
  prepare(config: InternalAxiosRequestConfig, adapter: AxiosAdapter): void;
  path: RequestPath;
}

/** Sends one request through its path within its deadline, and reports what the request took. */
export async function runRequest(
  config: InternalAxiosRequestConfig,
  adapter: AxiosAdapter,
  context: RunContext,
): Promise<AxiosResponse> {
  const { now, prepare, path } = context;
  const run = startRun(config, now());
  try {
    prepare(config, adapter);
    const response = await (run.dueAt < Number.POSITIVE_INFINITY
      ? beforeDeadline(config, run, context, (limited) => path(limited, adapter, run))
      : path(config, adapter, run));
    addTotals(response, run, config);
    return response;
  } catch (error) {
    // The deadline ends a request before its wait ends.
    endWait(run, now);
    run.endedAt = now();
    const state = retryState(config);
    if (state) config['axios-retry'] = { ...state, run: () => run } as object;
    addTotals(error, run, config);
    addTotals((error as AxiosError | undefined)?.response, run, config);
    throw error;
  }
}

/** Aborts the waits and the send of a request at its deadline. */
async function beforeDeadline(
  config: InternalAxiosRequestConfig,
  run: RequestRun,
  { clock, now }: RunContext,
  send: (limited: InternalAxiosRequestConfig) => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  const { cancelToken, authRefresh } = config;
  // A token instead of a signal, so that the caller's signal still ends a response stream after the deadline.
  const { token, cancel } = axios.CancelToken.source();
  const onCancel = () => cancel(cancelToken?.reason?.message);
  cancelToken?.subscribe(onCancel);
  const { deadline } = authRefresh as AuthRefreshRequestOptions;
  const expired = () =>
    new axios.AxiosError(
      `deadline of ${deadline} ms exceeded while waiting for ${run.waitsFor}`,
      axios.AxiosError.ETIMEDOUT,
      config,
    );
  try {
    return await withDeadline(clock, Math.max(0, run.dueAt - now()), expired, (signal) => {
      signal.addEventListener('abort', () => cancel());
      return send({ ...config, cancelToken: token });
    });
  } finally {
    cancelToken?.unsubscribe(onCancel);
  }
}
