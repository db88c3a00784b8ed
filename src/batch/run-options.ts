import type { AxiosInstance } from 'axios';
import type { Clock, Rate, RateLimiter } from '../core/index.ts';
import { type OptionTable, type Problem, rateProblems } from '../core/internal.ts';
import type { Progress } from './progress.ts';

export const RUN_DEFAULTS = { timeout: 120_000, maxOutage: 900_000 } as const;

/** Options of both exports and imports. Durations are in milliseconds. */
export interface RunOptions {
  /** The axios instance for the requests. Attach the plugin to it first. */
  api: AxiosInstance;
  /** Start over. The files of an earlier run are renamed. @default false */
  restart?: boolean | undefined;
  /**
   * Distinguishes this run from runs with the same query, such as by the tenant. A checkpoint is valid for one account only.
   * The checkpoint stores it unencrypted, so it must not be a secret.
   * @default the instance's `baseURL`
   */
  account?: string | undefined;
  /** The maximum rate of all requests, or a function that is called before each request. @default no limit */
  rate?: Rate | RateLimiter | undefined;
  /** The timeout of one request, if the instance has no `timeout`. @default 120_000 */
  timeout?: number | undefined;
  /**
   * How long an outage may last once the API has answered in this run. Network errors, 5xx and 429 are retried with growing waits until
   * this time has passed without a successful response. With 0, only the retries of the instance apply.
   * @default 900_000, 15 minutes
   */
  maxOutage?: number | undefined;
  /** Ends the run when aborted. The run can be resumed. */
  signal?: AbortSignal | undefined;
  /** Called with the progress of the run. An exception ends the run. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** The token manager whose refreshes the progress counts. */
  tokens?: { subscribe(listener: (event: { type: string }) => void): () => void } | undefined;
  /** @default the system clock */
  clock?: Clock | undefined;
  /** Returns a number from 0 to 1, for jitter. @default Math.random */
  random?: (() => number) | undefined;
}

export const RUN_OPTIONS: OptionTable<RunOptions> = {
  api: 'any',
  restart: 'boolean',
  account: 'string',
  rate: 'any',
  timeout: 'number',
  maxOutage: 'number',
  signal: 'object',
  onProgress: 'function',
  tokens: 'object',
  clock: 'object',
  random: 'function',
};

/** Returns the problems of the values of the options that exports and imports share. */
export function runProblems(options: Partial<Pick<RunOptions, 'api' | 'rate'>>): Problem[] {
  const { api, rate } = options;
  return [typeof api?.request !== 'function' && 'api must be an axios instance', ...rateProblems(rate)];
}
