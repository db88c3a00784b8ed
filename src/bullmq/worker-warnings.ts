import { describeAccount, isSameAccount } from './account.ts';
import type { WorkerInfo } from './worker-registry.ts';

/** What a worker must match to process an export. */
export interface ExportOwner {
  /** Version of the export in Redis. */
  readonly version: number;
  /** Undefined if no worker has claimed a part and the submitter named no account. */
  readonly account?: string | undefined;
}

/** Returns whether a worker can process an export, even if the worker is paused. */
export function canProcess({ version, account }: WorkerInfo, owner: ExportOwner): boolean {
  return version >= owner.version && isSameAccount(owner.account, account);
}

/**
 * Returns a warning if no live worker of the queue processes the export now.
 *
 * @param workers the live workers of the queue.
 */
export function workerWarning(
  queue: string,
  workers: readonly WorkerInfo[],
  owner: ExportOwner,
): string | undefined {
  if (workers.length === 0) {
    return (
      `queue ${queue} has no workers. Start a worker for this queue, or check the name of the queue and the address of Redis. ` +
      'Workers of axios-oauth-refresh 0.4 and earlier are not counted, because they cannot process this export'
    );
  }
  const current = workers.filter(({ version }) => version >= owner.version);
  if (current.length === 0) {
    return (
      `queue ${queue} has only workers of older versions of axios-oauth-refresh, which leave this export alone (on ${hostsOf(workers)}). ` +
      'Upgrade the workers'
    );
  }
  const able = current.filter((worker) => canProcess(worker, owner));
  if (able.length === 0) {
    const accounts = [...new Set(current.map(({ account }) => describeAccount(account)))];
    return (
      `queue ${queue} has only workers of other accounts, which leave this export alone: the export has ` +
      `${describeAccount(owner.account)}, the workers have ${firstOf(accounts)}. Start a worker with credentials of the account of the export, ` +
      'or remove the export and submit it with the account of the workers'
    );
  }
  if (able.every(({ paused }) => paused !== undefined)) {
    const reasons = able.map(({ host, paused }) => `${host}: ${paused}`);
    return `all workers of queue ${queue} that can process this export are paused (${firstOf([...new Set(reasons)])})`;
  }
  return undefined;
}

function hostsOf(workers: readonly WorkerInfo[]): string {
  return firstOf([...new Set(workers.map(({ host }) => host))]);
}

// Bounds the message, because a queue can have hundreds of workers.
const SHOWN = 3;

function firstOf(texts: readonly string[]): string {
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
