import { type Command, Option } from 'commander';
import { WORKER_DEFAULTS } from '../../bullmq/internal.ts';
import { parseCount } from '../parse.ts';

/** Flags that name a queue. */
export interface QueueFlags {
  queue: string;
  queueName?: string;
}

/** Flags of exports that workers can split. */
export interface SplitFlags extends Partial<QueueFlags> {
  parts?: number;
  name?: string;
  priority?: number;
  merge?: boolean;
  keepParts?: boolean;
}

/** The default of `--parts`. */
export const DEFAULT_PARTS = 24;
/** The default of `--parts` for each day, of which there can be many. */
export const DEFAULT_DAY_PARTS = 4;

/** @param use what the queue is for. */
export function queueFlag(use: string): Option {
  return new Option('--queue <url>', `${use}, such as redis://redis.internal:6379`);
}

export function queueNameFlag(): Option {
  return new Option('--queue-name <name>', `name of the queue in Redis (default: ${WORKER_DEFAULTS.queue})`);
}

export function addSplitFlags(command: Command): Command {
  return command
    .optionsGroup('Export on many hosts, by the workers of a queue:')
    .addOption(queueFlag('submit the export to the queue in this Redis'))
    .addOption(queueNameFlag())
    .option(
      '--parts <n>',
      `number of parts (default: ${DEFAULT_PARTS}), or of parts of each day (default: ${DEFAULT_DAY_PARTS})`,
      parseCount,
    )
    .option('--name <name>', 'name of the export (default: from the file name)')
    .option(
      '--priority <n>',
      'priority from 0 to 100: parts of a lower number start sooner (default: 50)',
      parseCount,
    )
    .option('--keep-parts', 'keep the files of the parts after the merge')
    .option('--no-merge', 'leave the parts and a manifest instead of one file');
}
