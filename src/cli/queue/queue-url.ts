import type { Command } from 'commander';
import { refuse } from '../../core/internal.ts';
import type { Environment } from '../../vendors/environment.ts';

/** Flags of whatever talks to a queue. */
export interface QueueFlags {
  queue: string;
  queueName?: string;
}

export const QUEUE_FLAG = ['--queue <url>', 'Redis, such as redis://redis.internal:6379'] as const;

export function addQueueNameFlag(command: Command): Command {
  return command.option('--queue-name <name>', 'of the queue in that Redis (default: exports)');
}

/**
 * The URL of a queue with the credentials of the environment in it: arguments are seen by every user of the machine.
 *
 * @throws ConfigurationError
 */
export function queueUrl(text: string, { REDIS_USERNAME, REDIS_PASSWORD }: Environment): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  refuse('--queue', [
    !/^rediss?:$/.test(url?.protocol ?? '') && 'give a URL such as redis://redis.internal:6379, or rediss://',
    (url?.password || [...(url?.searchParams.keys() ?? [])].some((name) => /passw/i.test(name))) &&
      'it holds a password, which every user of this machine sees: put it into REDIS_PASSWORD, in the environment or in ' +
        'the file of --env, and change it',
  ]);
  if (!url) return text;
  if (REDIS_USERNAME) url.username = REDIS_USERNAME;
  if (REDIS_PASSWORD) url.password = REDIS_PASSWORD;
  return url.href;
}
