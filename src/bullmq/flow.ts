import type { JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { jobId } from './keys.ts';
import { REMEMBERED } from './ledger.ts';
import { queueError } from './queue-error.ts';

interface FlowOptions {
  bullmq: typeof import('bullmq');
  client: Redis;
  queue: string;
  prefix: string;
  name: string;
  /** How many. */
  parts: number;
}

/** The jobs of one export. */
export interface Flow {
  /** Adds the jobs of a run, all or none. Those that are there already stay as they are. */
  add(run: string, tries: { attempts: number; retryDelay: number }): Promise<void>;
  /** Why the jobs of a run have failed, in BullMQ's words; undefined as long as they have not. */
  failure(run: string): Promise<string | undefined>;
  /** Removes the jobs of a run, those that a worker has excepted. */
  remove(run: string): Promise<void>;
  close(): Promise<void>;
}

function refused(error: unknown): never {
  throw queueError(error);
}

export function openFlow({ bullmq, client, queue: queueName, prefix, name, parts }: FlowOptions): Flow {
  const shared = { connection: client, prefix };
  const queue: Queue = new bullmq.Queue(queueName, { ...shared, skipMetasUpdate: true });
  const flows = new bullmq.FlowProducer(shared);
  queue.on('error', () => {});
  flows.on('error', () => {});
  const kept = { age: REMEMBERED };

  return {
    async add(run, { attempts, retryDelay }) {
      const opts: JobsOptions = {
        attempts,
        backoff: { type: 'exponential', delay: retryDelay },
        removeOnComplete: kept,
        removeOnFail: kept,
        // Its message says what to check; where in this package it was thrown is nobody's concern.
        stackTraceLimit: 0,
      };
      const adding = flows.add({
        name: 'merge',
        queueName,
        data: { name, run },
        opts: { ...opts, jobId: jobId(name, run) },
        children: Array.from({ length: parts }, (_, part) => ({
          name: 'part',
          queueName,
          data: { name, run, part },
          opts: { ...opts, jobId: jobId(name, run, part), failParentOnFailure: true },
        })),
      });
      await adding.catch(refused);
    },
    async failure(run) {
      const merge = await queue.getJob(jobId(name, run)).catch(refused);
      const hasFailed = await merge?.isFailed().catch(refused);
      return merge && hasFailed ? merge.failedReason || 'it is not said why' : undefined;
    },
    async remove(run) {
      const merge = await queue.getJob(jobId(name, run)).catch(refused);
      await merge?.remove({ removeChildren: true }).catch(() => {});
    },
    async close() {
      await Promise.allSettled([queue.close(), flows.close()]);
    },
  };
}
