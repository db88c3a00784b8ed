import { BatchError } from '../batch/index.ts';
import { readOptions, refuse } from '../core/internal.ts';
import { COMMAND_TIMEOUT, connect } from './connection.ts';
import { readDescription } from './description.ts';
import { openFlow } from './flow.ts';
import { exportKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { nameProblem } from './names.ts';
import { loadBullmq } from './peers.ts';
import { DEFAULTS, QUEUE_OPTIONS, type QueueOptions, queueProblems } from './worker-options.ts';

/**
 * Removes an export from Redis: its jobs and the progress of its parts. Workers stop processing it at their next checkpoint. Files
 * stay in place.
 *
 * @returns false if the queue has no export of this name.
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export async function removeExport(options: QueueOptions & { name: string }): Promise<boolean> {
  const [own, problems] = readOptions(options, { ...QUEUE_OPTIONS, name: 'any' });
  const { name, connection, queue = DEFAULTS.queue, prefix = DEFAULTS.prefix } = own;
  refuse('removeExport', [...problems, ...queueProblems(own), nameProblem('name', name)]);
  const bullmq = await loadBullmq();
  const { client, close } = await connect(connection);
  try {
    const keys = exportKeys(prefix, queue, name);
    const ledger = createLedger(client, keys, COMMAND_TIMEOUT);
    const { description, run } = await ledger.read();
    if (description === undefined || run === undefined) return false;
    const parts = partsOf(description);
    // Remove the state first: workers check it before they save, so jobs that cannot be removed end without effect.
    await ledger.remove([
      keys.whole,
      keys.merge,
      keys.failures,
      ...Array.from({ length: parts }, (_, part) => keys.part(part)),
    ]);
    const flow = openFlow({ bullmq, client, queue, prefix, name, parts, timeout: COMMAND_TIMEOUT });
    await flow.remove(run);
    await flow.close();
    return true;
  } finally {
    await close();
  }
}

function partsOf(description: string): number {
  try {
    return readDescription(description).parts.length;
  } catch (error) {
    // Also an export with an invalid description must be removable.
    if (error instanceof BatchError) return 0;
    throw error;
  }
}
