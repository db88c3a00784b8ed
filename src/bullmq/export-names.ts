import { ConfigurationError } from '../core/index.ts';
import { nearestName } from '../core/internal.ts';
import type { OpenQueue } from './open-queue.ts';

/** Returns the key of the sorted set with the names of the exports of a queue. */
export function namesKey(prefix: string, queue: string): string {
  return `${prefix}:exports:{${queue}}`;
}

/** The jobs of a queue by state, as their IDs. */
export interface QueueJobs {
  readonly active: ReadonlySet<string>;
  readonly delayed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
}

/** Returns the names of the exports of a queue, and its jobs. Version 0.4 has not registered its exports, so their merge jobs are searched. */
export async function findExports(open: OpenQueue): Promise<{ names: string[]; jobs: QueueJobs }> {
  const { client, queue, ask } = open;
  const ids = async (...types: Parameters<typeof queue.getRanges>[0]) =>
    new Set((await ask(() => queue.getRanges(types, 0, -1))) as string[]);
  const [registered, active, delayed, failed, others] = await Promise.all([
    ask(() => client.zrange(namesKey(open.prefix, open.queueName), '0', '-1')),
    ids('active'),
    ids('delayed'),
    ids('failed'),
    ids('waiting-children', 'wait', 'completed'),
  ]);
  const merged = [active, delayed, failed, others].flatMap((set) =>
    [...set].flatMap((id) => /^(.+)\.\d+\.merge$/.exec(id)?.[1] ?? []),
  );
  return { names: [...new Set([...registered, ...merged])].sort(), jobs: { active, delayed, failed } };
}

/** Returns the error for an export that the queue does not have. */
export function noSuchExport(caller: string, { name, queueName }: OpenQueue, names: readonly string[]) {
  const nearest = nearestName(name, names);
  const known = names.length === 0 ? 'it has no exports' : `run queue list (listExports) for the exports`;
  const advice = nearest === undefined ? known : `the nearest name is ${nearest}`;
  return new ConfigurationError(caller, [`queue ${queueName} has no export ${name}; ${advice}`]);
}
