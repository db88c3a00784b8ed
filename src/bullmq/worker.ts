import { stat } from 'node:fs/promises';
import type { Job, Worker } from 'bullmq';
import { refuse, systemClock, withDeadline } from '../core/internal.ts';
import { connect } from './connection.ts';
import { directoryParts } from './directory-parts.ts';
import { loadBullmq } from './peers.ts';
import { processJob } from './process-job.ts';
import { wordsOf } from './queue-error.ts';
import { sharedLimiter } from './shared-rate.ts';
import {
  checkWorkerOptions,
  DEFAULTS,
  type ExportWorkerEvent,
  type ExportWorkerOptions,
} from './worker-options.ts';

/** A worker that runs until it is closed. */
export interface ExportWorker {
  /**
   * Takes no more parts, lets those under way save how far they are, and hands them back: another worker goes on with them
   * at once. It settles also when Redis is away; then they are taken over.
   */
  close(): Promise<void>;
}

/** What aborts a job that is handed back. */
const CLOSING = new Error('the worker is closed');

/**
 * Starts a worker: it takes the parts of the exports that were submitted to a queue, one after the other, and merges them when all
 * are there. Start as many as you like, on as many hosts.
 *
 * A worker that dies loses no more than what it read since its last checkpoint, and that is read again. One that was taken
 * for dead and goes on cannot change what another one has taken over.
 *
 * @throws ConfigurationError that lists everything wrong. BatchError `ERR_QUEUE` when Redis cannot be reached now.
 * @example
 * await startExportWorker({
 *   connection: 'redis://redis.internal:6379',
 *   api,
 *   directory: '/mnt/exports',
 *   source: (interval) => genesysConversations({ interval: String(interval) }),
 * });
 */
export async function startExportWorker(options: ExportWorkerOptions): Promise<ExportWorker> {
  checkWorkerOptions(options);
  const { connection, directory, onEvent, concurrency = DEFAULTS.concurrency } = options;
  const { queue = DEFAULTS.queue, prefix = DEFAULTS.prefix, takeover = DEFAULTS.takeover } = options;
  const found = await stat(directory).catch(() => undefined);
  refuse('startExportWorker', [!found?.isDirectory() && `directory: ${directory} is no directory here`]);

  const bullmq = await loadBullmq();
  const { client, close: disconnect } = await connect(connection);
  const tell = (event: ExportWorkerEvent) => {
    try {
      onEvent?.(event);
    } catch {
      // It is told, not asked.
    }
  };

  const { api, source, rate, parts = directoryParts(directory) } = options;
  const { tokens, timeout, account, clock, random, readAhead, checkpointInterval } = options;
  const limiter = typeof rate === 'object' ? sharedLimiter(client, `${prefix}:rate:{${queue}}`, rate) : rate;
  const run = { tokens, rate: limiter, timeout, account, clock, random, readAhead, checkpointInterval };
  const context = { api, directory, parts, source, run };

  const underWay = new Map<string, AbortController>();
  let closing: Promise<void> | undefined;

  async function work(job: Job, token?: string): Promise<unknown> {
    const ended = new AbortController();
    const id = job.id ?? '';
    underWay.set(id, ended);
    if (closing) ended.abort(CLOSING);
    try {
      const ends = { signal: ended.signal, isClosing: () => ended.signal.reason === CLOSING };
      return await processJob(
        { bullmq, client, prefix, queue, timeout: takeover, context, tell },
        job,
        token,
        ends,
      );
    } finally {
      if (underWay.get(id) === ended) underWay.delete(id);
    }
  }

  const worker: Worker = new bullmq.Worker(queue, work, {
    connection: client,
    prefix,
    concurrency,
    // A job is given to another when its lock was seen to be gone by the second of two checks.
    lockDuration: takeover / 2,
    stalledInterval: takeover / 4,
    // Progress is kept: a part may go from hand to hand as often as it must.
    maxStalledCount: 1_000_000,
    runRetryDelay: 1000,
  });
  worker.on('error', (error) => tell({ type: 'queue-error', error: new Error(wordsOf(error)) }));
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) underWay.get(id)?.abort(new Error('another worker has it'));
  });

  async function closeAll(): Promise<void> {
    const ended = worker.close();
    for (const job of underWay.values()) job.abort(CLOSING);
    const late = () => new Error('late');
    // What Redis does not answer to is taken over without it.
    await withDeadline(systemClock, takeover, late, () => ended).catch(() => {
      // Not waited for: between two attempts to connect ioredis does not say that it has ended.
      worker.disconnect().catch(() => {});
    });
    await disconnect();
  }

  return {
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
