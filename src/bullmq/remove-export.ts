import { BatchError } from '../batch/index.ts';
import { refuse } from '../core/internal.ts';
import { ANSWER_WITHIN, connect } from './connection.ts';
import { readDescription } from './description.ts';
import { openFlow } from './flow.ts';
import { exportKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { nameProblem } from './names.ts';
import { loadBullmq } from './peers.ts';
import { DEFAULTS, type QueueOptions, queueProblems } from './worker-options.ts';

/**
 * Forgets an export: its jobs, and how far its parts are. A worker that is at it ends at its next checkpoint. Files are left
 * where they are.
 *
 * @returns false when there was none of this name.
 * @throws ConfigurationError. BatchError `ERR_QUEUE` when Redis cannot be reached now.
 */
export async function removeExport(options: QueueOptions & { name: string }): Promise<boolean> {
  const { name, connection, queue = DEFAULTS.queue, prefix = DEFAULTS.prefix } = options;
  refuse('removeExport', [...queueProblems(options), nameProblem('name', name)]);
  const bullmq = await loadBullmq();
  const { client, close } = await connect(connection);
  try {
    const keys = exportKeys(prefix, queue, name);
    const ledger = createLedger(client, keys, ANSWER_WITHIN);
    const { description, run } = await ledger.read();
    if (description === undefined || run === undefined) return false;
    const parts = partsOf(description);
    // First what workers ask before they save anything: jobs that cannot be removed find nothing to do.
    await ledger.remove([
      keys.whole,
      keys.merge,
      ...Array.from({ length: parts }, (_, part) => keys.part(part)),
    ]);
    const flow = openFlow({ bullmq, client, queue, prefix, name, parts, timeout: ANSWER_WITHIN });
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
    // It is to go whatever it says.
    if (error instanceof BatchError) return 0;
    throw error;
  }
}
