import type { AxiosInstance } from 'axios';
import type { Clock } from '../core/index.ts';
import { numberProblems } from '../core/internal.ts';
import type { Progress } from './progress.ts';
import { type Rate, type RateLimiter, rateProblems } from './requests.ts';

export const RUN_DEFAULTS = { timeout: 120_000 } as const;

/** What exports and imports have in common. Durations are in milliseconds. */
export interface RunOptions {
  /** The instance that requests are sent with; attach the plugin to it before. */
  api: AxiosInstance;
  /** Begin anew. What is there of an earlier run is kept under other names. @default false */
  restart?: boolean | undefined;
  /**
   * What else tells this run from others that ask for the same, such as the tenant: a checkpoint goes with it. It is stored in
   * clear, so it may be no secret.
   * @default the instance's `baseURL`
   */
  account?: string | undefined;
  /** Keeps under this rate, all requests counted; or asks before each of them. @default no limit but the API's own */
  rate?: Rate | RateLimiter | undefined;
  /** Of one send, where the instance has no `timeout`. @default 120_000 */
  timeout?: number | undefined;
  /** Ends the run when it is aborted; it is resumable then. */
  signal?: AbortSignal | undefined;
  /** Is told how far the run is. What it throws ends the run. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** A token manager, whose refreshes are counted in the progress. */
  tokens?: { subscribe(listener: (event: { type: string }) => void): () => void } | undefined;
  /** @default the machine's clock */
  clock?: Clock | undefined;
  /** A number from 0 to 1, for jitter. @default Math.random */
  random?: (() => number) | undefined;
}

/** What is wrong with the options that exports and imports share. */
export function runProblems(options: Partial<RunOptions>) {
  const { api, rate } = options;
  return [
    typeof api?.request !== 'function' && 'api must be an axios instance',
    ...numberProblems(options, ['timeout']),
    ...rateProblems(rate),
  ];
}
