import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type OptionTable, readOptions, refuse } from '../core/internal.ts';
import { askRedis } from './ask-redis.ts';
import { COMMAND_TIMEOUT, connect } from './connection.ts';
import { type ExportKeys, exportKeys, jobId } from './keys.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { nameProblem } from './names.ts';
import { loadBullmq } from './peers.ts';
import { DEFAULTS, QUEUE_OPTIONS, type QueueOptions, queueProblems } from './worker-options.ts';

/** Options of functions for one export of a queue. */
export interface NamedExportOptions extends QueueOptions {
  /** Name of the export. */
  name: string;
}

/** A queue that a function uses once. */
export interface OpenQueue {
  readonly client: Redis;
  readonly queue: Queue;
  readonly prefix: string;
  readonly queueName: string;
  /** The name in the options; the empty string without one. */
  readonly name: string;
  /** Sends a command to Redis, with a timeout. */
  ask<T>(command: () => Promise<T>): Promise<T>;
  ledgerOf(name: string): { readonly ledger: Ledger; readonly keys: ExportKeys };
  /** Removes the jobs of a run of the named export, except jobs that a worker is processing. */
  removeJobs(run: string): Promise<void>;
}

const NAMED_OPTIONS: OptionTable<NamedExportOptions> = { ...QUEUE_OPTIONS, name: 'any' };

/**
 * Checks the options of a function, and opens the queue while `use` runs.
 *
 * @param caller name of the function, for messages.
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export async function withQueue<T>(
  caller: string,
  options: QueueOptions | NamedExportOptions,
  isNamed: boolean,
  use: (open: OpenQueue) => Promise<T>,
): Promise<T> {
  const [own, problems] = readOptions(
    options as Partial<NamedExportOptions>,
    isNamed ? NAMED_OPTIONS : (QUEUE_OPTIONS as typeof NAMED_OPTIONS),
  );
  const { name = '', queue: queueName = DEFAULTS.queue, prefix = DEFAULTS.prefix } = own;
  refuse(caller, [...problems, ...queueProblems(own), isNamed && nameProblem('name', own.name)]);
  const bullmq = await loadBullmq();
  const { client, close } = await connect(own.connection as QueueOptions['connection']);
  const queue = new bullmq.Queue(queueName, { connection: client, prefix, skipMetasUpdate: true });
  queue.on('error', () => {});
  const ask = <T>(command: () => Promise<T>) => askRedis(client, COMMAND_TIMEOUT, command);
  try {
    return await use({
      client,
      queue,
      prefix,
      queueName,
      name,
      ask,
      ledgerOf(of) {
        const keys = exportKeys(prefix, queueName, of);
        return { keys, ledger: createLedger(client, keys, COMMAND_TIMEOUT) };
      },
      async removeJobs(run) {
        const merge = await ask(() => queue.getJob(jobId(name, run)));
        if (merge) await ask(() => merge.remove({ removeChildren: true })).catch(() => {});
      },
    });
  } finally {
    await queue.close().catch(() => {});
    await close();
  }
}
