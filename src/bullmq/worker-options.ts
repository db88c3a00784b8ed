import type { AxiosInstance } from 'axios';
import type { Json, PageSource, Progress, Rate, RateLimiter, RunOptions } from '../batch/index.ts';
import { type OptionTable, rateProblems, readOptions, refuse } from '../core/internal.ts';
import type { QueueConnection } from './connection.ts';
import { nameProblem } from './names.ts';
import type { PartStore } from './part-store.ts';

/** Location of the queue. */
export interface QueueOptions {
  /** `redis://host:6379`, `rediss://...`, `redis+sentinel://host:26379/master`, or an ioredis client, which is duplicated and stays open. */
  connection: QueueConnection;
  /** Name of the queue. @default 'exports' */
  queue?: string | undefined;
  /** Prefix of all keys in Redis. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
}

/** Options of {@link startExportWorker}. Durations are in milliseconds. */
export interface ExportWorkerOptions
  extends QueueOptions,
    Pick<RunOptions, 'tokens' | 'timeout' | 'maxOutage' | 'clock' | 'random'> {
  /** Axios instance that sends the requests. Attach the plugin to it first. */
  api: AxiosInstance;
  /**
   * Returns the source of a part. Validate both values, because they come from Redis. If the function throws, the export fails.
   */
  source(part: Json, common: Json): PageSource | Promise<PageSource>;
  /**
   * Account of the API whose records this worker exports, such as the organisation. The worker leaves exports of other accounts to other
   * workers. Redis stores the account unencrypted, so it must not be a secret.
   * @default none: the worker processes only exports without an account
   */
  account?: string | undefined;
  /** `account` in the checkpoints of the parts. A checkpoint is valid for one account only. @default `account` */
  checkpointAccount?: string | undefined;
  /**
   * Returns why this worker leaves an export to other workers, by the `common` value of the export. Returns undefined if the worker
   * processes the export.
   * @default processes all exports of its account
   */
  declines?: ((common: Json) => string | undefined) | undefined;
  /** Existing directory, shared by all workers, for the parts and the output. */
  directory: string;
  /** Store for the parts. @default files in `directory` */
  parts?: PartStore | undefined;
  /** Number of parts that this worker exports at the same time. @default 1 */
  concurrency?: number | undefined;
  /** Rate that all workers of the queue share through Redis, or your own limiter. @default none */
  rate?: Rate | RateLimiter | undefined;
  /**
   * Maximum time without a sign of life until a worker is presumed dead and other workers take over its parts. A worker that hangs for
   * more than half of this time can lose its parts too. No records are lost or repeated.
   * @default 15_000
   */
  takeover?: number | undefined;
  /** Number of pages to read ahead. @default 6 */
  readAhead?: number | undefined;
  /** Minimum time between two checkpoints of a part. @default 1000 */
  checkpointInterval?: number | undefined;
  /** Receives the worker's events. Errors that it throws are ignored. */
  onEvent?: ((event: ExportWorkerEvent) => void) | undefined;
}

/** Event of a worker. */
export type ExportWorkerEvent =
  | ({
      /** Name of the export. */
      readonly name: string;
      /** Number of the part; undefined for the merge. */
      readonly part?: number | undefined;
    } & (
      | { readonly type: 'started' }
      | { readonly type: 'progress'; readonly progress: Progress }
      | { readonly type: 'finished'; readonly records: number }
      /** Nothing was to do: the part was complete, or the export has failed, was submitted again or was removed. */
      | { readonly type: 'skipped'; readonly why: string }
      /**
       * The export belongs to another account or to a newer version of this package, or `declines` returned a reason. The worker leaves the
       * export to other workers. Once for each export.
       */
      | { readonly type: 'left-alone'; readonly error: Error }
      /** The worker returned the part to the queue: it was closed or, with `error`, its machine cannot process the part. */
      | { readonly type: 'handed-back'; readonly error?: Error }
      /** Another worker has taken over the part, or may have. */
      | { readonly type: 'lost'; readonly error: Error }
      /** The part failed and is tried again later, by this worker or by another one. */
      | { readonly type: 'retrying'; readonly error: Error }
      /** The whole export has failed. */
      | { readonly type: 'failed'; readonly error: Error }
    ))
  /** The worker takes no parts for `delay` milliseconds, because its directory, network or credentials fail. Other workers continue. */
  | { readonly type: 'paused'; readonly error: Error; readonly delay: number }
  /** The worker takes parts again after a pause. */
  | { readonly type: 'resumed' }
  | { readonly type: 'queue-error'; readonly error: Error };

export const DEFAULTS = {
  queue: 'exports',
  prefix: 'axios-oauth-refresh',
  concurrency: 1,
  takeover: 15_000,
} as const;

// With less, an ordinary pause of a process would look like its death.
const MIN_TAKEOVER = 500;

/** Returns the problems with the location of the queue. */
export function queueProblems({ queue = DEFAULTS.queue, prefix = DEFAULTS.prefix }: Partial<QueueOptions>) {
  return [nameProblem('queue', queue), nameProblem('prefix', prefix)];
}

export const QUEUE_OPTIONS: OptionTable<QueueOptions> = {
  connection: 'any',
  queue: 'any',
  prefix: 'any',
};

const OPTIONS: OptionTable<ExportWorkerOptions> = {
  ...QUEUE_OPTIONS,
  tokens: 'object',
  timeout: 'number',
  maxOutage: 'number',
  account: 'string',
  checkpointAccount: 'string',
  declines: 'function',
  clock: 'object',
  random: 'function',
  api: 'any',
  source: 'any',
  directory: 'any',
  parts: 'any',
  concurrency: 'any',
  rate: 'any',
  takeover: 'any',
  readAhead: 'number',
  checkpointInterval: 'number',
  onEvent: 'function',
};

/** Returns the checked options. @throws ConfigurationError that lists every problem. */
export function checkWorkerOptions(given: ExportWorkerOptions): ExportWorkerOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const { api, source, directory, parts, rate } = options;
  const { concurrency = DEFAULTS.concurrency, takeover = DEFAULTS.takeover } = options;
  refuse('startExportWorker', [
    ...queueProblems(options),
    typeof api?.request !== 'function' && 'api must be an axios instance',
    typeof source !== 'function' && 'source must be a function that returns the source of a part',
    !(typeof directory === 'string' && directory !== '') && 'directory must be the path of a directory',
    parts !== undefined &&
      [parts?.sink, parts?.read, parts?.remove].some((member) => typeof member !== 'function') &&
      'parts must have the functions sink, read and remove',
    !(Number.isInteger(concurrency) && concurrency > 0) &&
      `concurrency must be a whole number above 0, not ${concurrency}`,
    !(takeover >= MIN_TAKEOVER && takeover <= 3_600_000) &&
      `takeover must be from ${MIN_TAKEOVER} to 3600000 milliseconds, not ${takeover}`,
    ...rateProblems(rate),
    ...problems,
  ]);
  return options;
}
