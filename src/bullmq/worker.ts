import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Job, Worker } from 'bullmq';
import { RATE_INTERVAL, refuse, systemClock, withDeadline } from '../core/internal.ts';
import { storedAccount } from './account.ts';
import { connect } from './connection.ts';
import { directoryParts } from './directory-parts.ts';
import { VERSION } from './format-version.ts';
import { leaveAlone } from './leave-alone.ts';
import { limitOutages } from './outage-limit.ts';
import { loadBullmq } from './peers.ts';
import { announceWorker } from './presence.ts';
import { processJob } from './process-job.ts';
import { redisMessage } from './queue-error.ts';
import { sharedLimiter } from './shared-rate.ts';
import {
  checkWorkerOptions,
  DEFAULTS,
  type ExportWorkerEvent,
  type ExportWorkerOptions,
} from './worker-options.ts';
import { createWorkerPause } from './worker-pause.ts';
import { createWorkerRegistry } from './worker-registry.ts';

/** A running worker. */
export interface ExportWorker {
  /**
   * Stops accepting parts, saves the progress of the running parts and returns them to the queue, so that other workers can continue them
   * immediately. Also resolves if Redis is unreachable; other workers then take over the parts after `takeover`.
   */
  close(): Promise<void>;
}

/** Abort reason of jobs that are returned to the queue. */
const CLOSING = new Error('the worker is closed');

/**
 * Starts a worker. It exports the parts of all exports in a queue one after the other, and merges the parts of an export when all are
 * complete. Start any number of workers, on any number of hosts.
 *
 * If a worker dies, another worker continues from its last checkpoint. A worker that was presumed dead and continues cannot change
 * parts that other workers have taken over.
 *
 * @throws ConfigurationError that lists every problem. BatchError `ERR_QUEUE` if Redis is unreachable now.
 * @example
 * await startExportWorker({
 *   connection: 'redis://redis.internal:6379',
 *   api,
 *   directory: '/mnt/exports',
 *   source: (interval) => genesysConversations({ interval: String(interval) }),
 * });
 */
export async function startExportWorker(options: ExportWorkerOptions): Promise<ExportWorker> {
  const own = checkWorkerOptions(options);
  const { connection, directory, onEvent, concurrency = DEFAULTS.concurrency } = own;
  const { queue = DEFAULTS.queue, prefix = DEFAULTS.prefix, takeover = DEFAULTS.takeover } = own;
  const found = await stat(directory).catch(() => undefined);
  refuse('startExportWorker', [!found?.isDirectory() && `directory: ${directory} is not a directory here`]);

  const bullmq = await loadBullmq();
  const { client, close: disconnect } = await connect(connection);
  const registry = createWorkerRegistry(client, { prefix, queue, timeout: takeover });
  const host = hostname();
  const account = storedAccount(own.account);
  const presence = await announceWorker(registry, {
    id: `${host}.${process.pid}.${randomBytes(4).toString('hex')}`,
    host,
    pid: process.pid,
    version: VERSION,
    ...(account !== '' && { account }),
    rate: describeRate(own.rate),
  }).catch(async (error: unknown) => {
    await disconnect();
    throw error;
  });
  const outages = limitOutages(own.maxOutage);
  const emit = (event: ExportWorkerEvent) => {
    try {
      onEvent?.(event);
    } catch {
      // An error of the caller's handler must not end the job.
    }
  };

  const { api, source, rate, parts = directoryParts(directory) } = own;
  const { tokens, timeout, maxOutage, clock, random, readAhead, checkpointInterval, declines } = own;
  const limiter = typeof rate === 'object' ? sharedLimiter(client, `${prefix}:rate:{${queue}}`, rate) : rate;
  const pace = { rate: limiter, timeout, maxOutage };
  const checkpointAccount = own.checkpointAccount ?? own.account;
  const run = { tokens, ...pace, account: checkpointAccount, clock, random, readAhead, checkpointInterval };
  const context = { api, directory, parts, source, declines, run };
  // Other part stores need no shared directory.
  const claiming = { host, account, directory: own.parts === undefined ? directory : undefined };
  const leaving = leaveAlone(bullmq, registry, emit);

  const running = new Map<string, AbortController>();
  let closing: Promise<void> | undefined;

  const pause = createWorkerPause({
    clock: clock ?? systemClock,
    stop: () => void worker.pause(true).catch(() => {}),
    start: () => void Promise.resolve(worker.resume()).catch(() => {}),
    presence,
    emit,
  });

  async function work(job: Job, token?: string): Promise<unknown> {
    const abort = new AbortController();
    const id = job.id ?? '';
    running.set(id, abort);
    if (closing) abort.abort(CLOSING);
    try {
      const end = { signal: abort.signal, isClosing: () => abort.signal.reason === CLOSING };
      return await processJob(
        {
          bullmq,
          client,
          prefix,
          queue,
          timeout: takeover,
          context,
          emit,
          claiming,
          leaveAlone: leaving,
          outages,
          registry,
          presence,
          pause,
        },
        job,
        token,
        end,
      );
    } finally {
      if (running.get(id) === abort) running.delete(id);
    }
  }

  const worker: Worker = new bullmq.Worker(queue, work, {
    connection: client,
    prefix,
    concurrency,
    // BullMQ gives a job to another worker when the second of two checks finds its lock expired.
    lockDuration: takeover / 2,
    stalledInterval: takeover / 4,
    // No limit: the checkpoints survive, so a part may be taken over any number of times.
    maxStalledCount: 1_000_000,
    runRetryDelay: 1000,
  });
  worker.on('error', (error) => {
    // BullMQ also reports this as `lockRenewalFailed`. It is no error if the worker has returned the job.
    if (error.message.startsWith('could not renew lock')) return;
    emit({ type: 'queue-error', error: new Error(redisMessage(error)) });
  });
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) running.get(id)?.abort(new Error('another worker has taken over the job'));
  });

  async function closeAll(): Promise<void> {
    pause.close();
    const left = presence.stop();
    const ended = worker.close();
    for (const job of running.values()) job.abort(CLOSING);
    const expired = () => new Error('timed out');
    // Without an answer of Redis within `takeover`, other workers take over the jobs anyway.
    await withDeadline(systemClock, takeover, expired, () => ended).catch(() => {
      // Not awaited: between two connection attempts, ioredis never reports that it has ended.
      worker.disconnect().catch(() => {});
    });
    await left;
    await disconnect();
  }

  return {
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

/** Returns a rate in a form that can be compared. */
function describeRate(rate: ExportWorkerOptions['rate']): string {
  if (rate === undefined) return 'none';
  return 'requests' in rate ? `${rate.requests}/${rate.interval ?? RATE_INTERVAL}` : 'own';
}
