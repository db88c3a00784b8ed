import { partsOf } from './description.ts';
import { namesKey } from './export-names.ts';
import { type NamedExportOptions, withQueue } from './open-queue.ts';

/**
 * Removes an export from Redis: its jobs and the progress of its parts. Workers stop processing it at their next checkpoint. Files
 * stay in place.
 *
 * @returns false if the queue has no export of this name.
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export function removeExport(options: NamedExportOptions): Promise<boolean> {
  return withQueue('removeExport', options, true, async (open) => {
    const { name, client, prefix, queueName } = open;
    const { ledger, keys } = open.ledgerOf(name);
    const { description, run } = await ledger.read();
    if (description === undefined || run === undefined) return false;
    // Remove the state first: workers check it before they save, so jobs that cannot be removed end without effect.
    await ledger.remove([keys.whole, keys.merge, keys.failures, ...keys.parts(partsOf(description))]);
    await open.ask(() => client.zrem(namesKey(prefix, queueName), name));
    await open.removeJobs(run);
    return true;
  });
}
