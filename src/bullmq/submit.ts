import { BatchError } from '../batch/index.ts';
import { numberProblems, refuse } from '../core/internal.ts';
import { ANSWER_WITHIN, connect } from './connection.ts';
import { type DescriptionOptions, writeDescription } from './description.ts';
import { openFlow } from './flow.ts';
import { createHandle, type ExportHandle } from './handle.ts';
import { exportKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { nameProblem } from './names.ts';
import { loadBullmq } from './peers.ts';
import { DEFAULTS, type QueueOptions, queueProblems } from './worker-options.ts';

/** Options of {@link submitExport}. Durations are in milliseconds. */
export interface SubmitOptions extends QueueOptions, DescriptionOptions {
  /** Tells the export from others of the queue, and names its parts: letters, digits, dots, dashes and underscores. */
  name: string;
  /** How often a part is tried before the export fails. @default 5 */
  attempts?: number | undefined;
  /** Before a part is tried for the second time; then twice as long each time. @default 5000 */
  retryDelay?: number | undefined;
}

/**
 * Submits an export to the workers of a queue: a job for each part, and one that merges them in order.
 *
 * Submitted again, the same export is joined while it runs, and answered for when it is complete. After it has failed it
 * is resumed: parts, and what was read of a part, are not read again.
 *
 * @throws ConfigurationError that lists everything wrong. BatchError `ERR_QUEUE` when Redis cannot be reached now;
 * `ERR_CHECKPOINT_MISMATCH` when there is an export of this name with other parts or another output.
 * @example
 * const handle = await submitExport({
 *   connection: 'redis://redis.internal:6379',
 *   name: 'january',
 *   parts: splitInterval('2026-01-01T00:00Z/2026-02-01T00:00Z', 24),
 *   output: 'january.jsonl',
 * });
 * console.log(await handle.finished());
 * await handle.close();
 */
export async function submitExport(options: SubmitOptions): Promise<ExportHandle> {
  const { name, connection, attempts = 5, retryDelay = 5000 } = options;
  const { queue = DEFAULTS.queue, prefix = DEFAULTS.prefix } = options;
  refuse('submitExport', [
    ...queueProblems(options),
    nameProblem('name', name),
    !(Number.isInteger(attempts) && attempts > 0) && 'attempts must be a whole number above 0',
    ...numberProblems(options, ['retryDelay']),
  ]);
  const text = writeDescription(options);
  const bullmq = await loadBullmq();
  const { client, close: disconnect } = await connect(connection);
  const parts = options.parts.length;
  const flow = openFlow({ bullmq, client, queue, prefix, name, parts, timeout: ANSWER_WITHIN });
  const close = async () => {
    await flow.close();
    await disconnect();
  };
  try {
    const keys = exportKeys(prefix, queue, name);
    const ledger = createLedger(client, keys, ANSWER_WITHIN);
    let { state, run } = await ledger.claimExport(text);
    if (state === 'joined' && (await flow.failure(run)) !== undefined) {
      // As when somebody removed a job by hand: it failed, and no worker could say why.
      ({ state, run } = await ledger.claimExport(text, run));
    }
    if (state === 'other') throw isAnother(name);
    // Also where it is joined: whoever submitted it may have died before it was added.
    if (state !== 'complete') await flow.add(run, { attempts, retryDelay });
    return createHandle({ ledger, keys, name, parts, state, flow, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function isAnother(name: string): BatchError {
  return new BatchError(
    `there is an export ${name} in this queue already, with other parts, another output or other options. Submit it as it was, ` +
      'give this one another name, or remove that one (removeExport).',
    'ERR_CHECKPOINT_MISMATCH',
    { resumable: false },
  );
}
