import type { AxiosInstance } from 'axios';
import type { Clock } from '../clock.ts';
import { numberProblems, refuse } from '../problems.ts';
import type { Progress } from './progress.ts';
import { type Rate, rateProblems } from './requests.ts';
import type { Sink } from './sinks/sink.ts';
import type { PageSource } from './source.ts';

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
  /** Keeps under this rate, all requests counted. @default no limit but the API's own */
  rate?: Rate | undefined;
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

/** Options of `exportRecords`. Durations are in milliseconds. */
export interface ExportOptions<Item = unknown> extends RunOptions {
  source: PageSource<Item>;
  sink: Sink<Item>;
  /**
   * The file that keeps how far the export is; `false` for none, and then it cannot be resumed.
   * @default the sink's `path` and `.checkpoint`; none where it has no path
   */
  checkpoint?: string | false | undefined;
  /** The least time between two checkpoints; 0 for one after each page. @default 1000 */
  checkpointInterval?: number | undefined;
  /** How many pages are read before they are asked for, or at once where the API allows that. @default 6 */
  readAhead?: number | undefined;
}

/** @throws ConfigurationError that lists everything wrong. */
export function checkExportOptions<Item>(options: ExportOptions<Item>): void {
  const { source, sink } = options ?? {};
  refuse('exportRecords', [
    ...runProblems(options ?? {}),
    typeof source?.read !== 'function' && 'source must be a page source, such as genesysConversations(...)',
    typeof sink?.open !== 'function' && 'sink must be a sink, such as jsonLinesFile(...)',
    ...numberProblems(options ?? {}, ['checkpointInterval', 'readAhead']),
  ]);
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
