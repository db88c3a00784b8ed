import type { AxiosInstance } from 'axios';
import type { Json, PageSource, Progress, Rate, RateLimiter, RunOptions } from '../batch/index.ts';
import { rateProblems } from '../batch/internal.ts';
import { numberProblems, refuse } from '../core/internal.ts';
import type { QueueConnection } from './connection.ts';
import { nameProblem } from './names.ts';
import type { PartStore } from './part-store.ts';

/** Where exports are queued. */
export interface QueueOptions {
  /** `redis://host:6379`, `rediss://...`, or a client of ioredis, which is left alone. */
  connection: QueueConnection;
  /** @default 'exports' */
  queue?: string | undefined;
  /** What all keys in Redis begin with. @default 'axios-oauth-refresh' */
  prefix?: string | undefined;
}

/** Options of {@link startExportWorker}. Durations are in milliseconds. */
export interface ExportWorkerOptions
  extends QueueOptions,
    Pick<RunOptions, 'tokens' | 'timeout' | 'account' | 'clock' | 'random'> {
  /** The instance that requests are sent with; attach the plugin to it before. */
  api: AxiosInstance;
  /**
   * Makes the source of a part. Both come out of Redis as they were submitted: hold them against what you expect. What it
   * throws fails the export.
   */
  source(part: Json, common: Json): PageSource | Promise<PageSource>;
  /** Where the output goes, and the parts until then: an existing directory that all workers share. */
  directory: string;
  /** Keeps the parts elsewhere. @default in `directory` */
  parts?: PartStore | undefined;
  /** How many parts are exported at once. @default 1 */
  concurrency?: number | undefined;
  /** One rate for all workers of the queue together, kept in Redis; or a limiter of your own. @default none */
  rate?: Rate | RateLimiter | undefined;
  /**
   * After how long without a sign of life a worker is taken for dead and its parts are given to others, at the latest. A worker
   * that hangs for longer than half of this loses its parts too; nothing is lost or repeated by that.
   * @default 15_000
   */
  takeover?: number | undefined;
  /** How many pages are read before they are asked for. @default 6 */
  readAhead?: number | undefined;
  /** The least time between two checkpoints of a part. @default 1000 */
  checkpointInterval?: number | undefined;
  /** Is told what the worker does. What it throws is ignored. */
  onEvent?: ((event: ExportWorkerEvent) => void) | undefined;
}

/** What a worker tells. */
export type ExportWorkerEvent =
  | ({
      /** Of the export. */
      readonly name: string;
      /** The number of the part; undefined for the merge. */
      readonly part?: number | undefined;
    } & (
      | { readonly type: 'started' }
      | { readonly type: 'progress'; readonly progress: Progress }
      | { readonly type: 'finished'; readonly records: number }
      /** There was nothing to do: done before, or its export failed, was submitted again or removed. */
      | { readonly type: 'skipped'; readonly why: string }
      /** Given back to the queue because the worker is closed. */
      | { readonly type: 'handed-back' }
      /** Another worker has it, or may have it. */
      | { readonly type: 'lost'; readonly error: Error }
      /** It is tried again after a while. */
      | { readonly type: 'retrying'; readonly error: Error }
      /** The whole export has failed. */
      | { readonly type: 'failed'; readonly error: Error }
    ))
  | { readonly type: 'queue-error'; readonly error: Error };

export const DEFAULTS = {
  queue: 'exports',
  prefix: 'axios-oauth-refresh',
  concurrency: 1,
  takeover: 15_000,
} as const;

// Below this, an ordinary pause of a process is taken for its death.
const SHORTEST_TAKEOVER = 500;

/** What is wrong with where exports are queued. */
export function queueProblems({ queue = DEFAULTS.queue, prefix = DEFAULTS.prefix }: Partial<QueueOptions>) {
  return [nameProblem('queue', queue), nameProblem('prefix', prefix)];
}

/** @throws ConfigurationError that lists everything wrong. */
export function checkWorkerOptions(options: ExportWorkerOptions): void {
  const { api, source, directory, parts, rate } = options;
  const { concurrency = DEFAULTS.concurrency, takeover = DEFAULTS.takeover } = options;
  refuse('startExportWorker', [
    ...queueProblems(options),
    typeof api?.request !== 'function' && 'api must be an axios instance',
    typeof source !== 'function' && 'source must be a function that makes the source of a part',
    !(typeof directory === 'string' && directory !== '') && 'directory must be the path of a directory',
    parts !== undefined &&
      [parts?.sink, parts?.read, parts?.remove].some((member) => typeof member !== 'function') &&
      'parts must have sink, read and remove',
    !(Number.isInteger(concurrency) && concurrency > 0) && 'concurrency must be a whole number above 0',
    !(takeover >= SHORTEST_TAKEOVER && takeover <= 3_600_000) &&
      `takeover must be a number of milliseconds from ${SHORTEST_TAKEOVER} to an hour`,
    ...rateProblems(rate),
    ...numberProblems(options, ['timeout', 'readAhead', 'checkpointInterval']),
  ]);
}
