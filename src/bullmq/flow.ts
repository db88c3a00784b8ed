import type { JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { askRedis } from './ask-redis.ts';
import { VERSION } from './format-version.ts';
import { jobId } from './keys.ts';
import { RETENTION } from './ledger.ts';
import { turnsOf } from './turns.ts';

interface FlowOptions {
  bullmq: typeof import('bullmq');
  client: Redis;
  queue: string;
  prefix: string;
  name: string;
  /** Number of parts. */
  parts: number;
  /** Timeout of a command, in milliseconds. */
  timeout: number;
}

interface AddOptions {
  attempts: number;
  retryDelay: number;
  priority: number;
  /** Whether a part is complete, so that its job ends at once. */
  isComplete: (part: number) => boolean;
}

/** The jobs of one export. */
export interface Flow {
  /** Adds all jobs of a run, or none. Jobs that exist already stay unchanged. */
  add(run: string, options: AddOptions): Promise<void>;
  /** Returns BullMQ's reason why the jobs of a run have failed; undefined if the jobs have not failed. */
  failure(run: string): Promise<string | undefined>;
  /** Returns whether the queue is paused. */
  isPaused(): Promise<boolean>;
  close(): Promise<void>;
}

export function openFlow({
  bullmq,
  client,
  queue: queueName,
  prefix,
  name,
  parts,
  timeout,
}: FlowOptions): Flow {
  const shared = { connection: client, prefix };
  const queue: Queue = new bullmq.Queue(queueName, { ...shared, skipMetasUpdate: true });
  const flows = new bullmq.FlowProducer(shared);
  queue.on('error', () => {});
  flows.on('error', () => {});
  const retention = { age: RETENTION };
  const ask = <T>(command: () => Promise<T>) => askRedis(client, timeout, command);

  return {
    async add(run, { attempts, retryDelay, priority, isComplete }) {
      const opts: JobsOptions = {
        attempts,
        backoff: { type: 'exponential', delay: retryDelay },
        removeOnComplete: retention,
        removeOnFail: retention,
        // The message says what to do; a stack trace of this package helps no user.
        stackTraceLimit: 0,
      };
      const turns = await ask(() =>
        turnsOf(client, queue.toKey('prioritized'), { parts, priority, isComplete }),
      );
      const children = turns.map((turn, part) => ({
        name: 'part',
        queueName,
        data: { version: VERSION, name, run, part },
        opts: { ...opts, jobId: jobId(name, run, part), priority: turn, failParentOnFailure: true },
      }));
      // Without a priority, BullMQ starts the merge before all waiting parts.
      const merge = {
        name: 'merge',
        queueName,
        data: { version: VERSION, name, run },
        opts: { ...opts, jobId: jobId(name, run) },
      };
      await ask(() => flows.add({ ...merge, children }));
    },
    async failure(run) {
      const merge = await ask(() => queue.getJob(jobId(name, run)));
      const hasFailed = merge && (await ask(() => merge.isFailed()));
      return merge && hasFailed ? merge.failedReason || 'BullMQ gave no reason' : undefined;
    },
    isPaused: () => ask(() => queue.isPaused()),
    async close() {
      await Promise.allSettled([queue.close(), flows.close()]);
    },
  };
}
