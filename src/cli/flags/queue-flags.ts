import { type Command, Option } from 'commander';
import { WORKER_DEFAULTS } from '../../bullmq/internal.ts';
import { refuse } from '../../core/internal.ts';
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
      `number of parts (default: ${DEFAULT_PARTS}; ${DEFAULT_DAY_PARTS} for a day of --since or --days)`,
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

/** Flags that have no effect without `--queue`. */
const QUEUE_ONLY = ['--queue-name', '--parts', '--name', '--priority', '--keep-parts', '--no-merge'];

/** Refuses the flags that have no effect without `--queue`. @throws ConfigurationError */
export function refuseQueueFlags(args: readonly string[]): void {
  const queueOnly = passedFlags(QUEUE_ONLY, args);
  refuse('--queue', [
    queueOnly.length > 0 && `missing; ${queueOnly.join(', ')} can be used only with --queue`,
  ]);
}

/** Flags that have no effect with `--queue`, because the workers send the requests. */
export const WORKER_ONLY = [
  '--rate',
  '--retries',
  '--timeout',
  '--max-outage',
  '--read-ahead',
  '--checkpoint-interval',
  '--checkpoint',
];

/** Flags that have no effect if the output is not a file, because only a file can be resumed. */
export const FILE_ONLY = ['--checkpoint', '--checkpoint-interval', '--restart'];

/** Returns the flags that were passed. The value of a flag with a default cannot tell. */
export function passedFlags(flags: readonly string[], args: readonly string[]): string[] {
  return flags.filter((flag) => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`)));
}
