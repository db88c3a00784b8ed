import type { Command } from 'commander';
import { WORKER_DEFAULTS } from '../../bullmq/internal.ts';
import { parseCount } from '../parse.ts';

/** Flags that name a queue. */
export interface QueueFlags {
  queue: string;
  queueName?: string;
}

/** Flags of exports that can be split among workers. */
export interface SplitFlags extends Partial<QueueFlags> {
  parts?: number;
  name?: string;
  merge?: boolean;
  keepParts?: boolean;
}

/** The default of `--parts`. */
export const DEFAULT_PARTS = 24;

const QUEUE = ['--queue <url>', 'Redis, such as redis://redis.internal:6379'] as const;

export function addQueueFlags(command: Command): Command {
  return addQueueNameFlag(command.requiredOption(...QUEUE));
}

export function addSplitFlags(command: Command): Command {
  const [flag, redis] = QUEUE;
  command
    .option(flag, `submit the export to the workers of this queue: ${redis}`)
    .option('--parts <n>', `with --queue: number of parts (default: ${DEFAULT_PARTS})`, parseCount)
    .option('--name <name>', 'with --queue: name of the export (default: the name of the file)')
    .option('--keep-parts', 'with --queue: keep the parts beside the file')
    .option('--no-merge', 'with --queue: keep the parts and a manifest instead of one file');
  return addQueueNameFlag(command);
}

function addQueueNameFlag(command: Command): Command {
  return command.option(
    '--queue-name <name>',
    `name of the queue in that Redis (default: ${WORKER_DEFAULTS.queue})`,
  );
}

/** Flags that have no effect without `--queue`. */
export const QUEUE_ONLY = ['--queue-name', '--parts', '--name', '--keep-parts', '--no-merge'];

/** Flags that have no effect with `--queue`, because the workers send the requests. */
export const WORKER_ONLY = [
  '--rate',
  '--retries',
  '--timeout',
  '--read-ahead',
  '--checkpoint-interval',
  '--checkpoint',
];

/** Returns which of these flags were passed. The value of a flag with a default does not show that. */
export function passedFlags(flags: readonly string[], args: readonly string[]): string[] {
  return flags.filter((flag) => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`)));
}
