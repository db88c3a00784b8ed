import { BatchError } from '../batch/index.ts';
import { isWhole, type OptionTable, readOptions, refuse } from '../core/internal.ts';
import { describeAccount, storedAccount } from './account.ts';
import { askRedis } from './ask-redis.ts';
import { watchAttendance } from './attendance.ts';
import { COMMAND_TIMEOUT, connect } from './connection.ts';
import { DESCRIPTION_OPTIONS, type DescriptionOptions, writeDescription } from './description.ts';
import { namesKey } from './export-names.ts';
import { openFlow } from './flow.ts';
import { createHandle, type ExportHandle } from './handle.ts';
import { exportKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { nameProblem } from './names.ts';
import { readStates } from './part-state.ts';
import { loadBullmq } from './peers.ts';
import { PRIORITY } from './turns.ts';
import { DEFAULTS, QUEUE_OPTIONS, type QueueOptions, queueProblems } from './worker-options.ts';
import { createWorkerRegistry } from './worker-registry.ts';

/** Options of {@link submitExport}. Durations are in milliseconds. */
export interface SubmitOptions extends QueueOptions, DescriptionOptions {
  /** Identifies the export in the queue, and names its parts: letters, digits, dots, dashes and underscores. */
  name: string;
  /**
   * Account whose records the export has. Only workers of this account process the export. An account that ends with ` *` stands for all
   * accounts that begin with the text before the asterisk, until the first worker claims a part. Stored like `parts`.
   * @default the account of the first worker that claims a part
   */
  account?: string | undefined;
  /**
   * Priority from 0 to 100: parts of exports with a lower number start sooner. Parts of exports with the same priority alternate. Applies to
   * the parts that this call adds to the queue.
   * @default 50
   */
  priority?: number | undefined;
  /** Attempts per part before the export fails. @default 5 */
  attempts?: number | undefined;
  /** Delay before the second attempt of a part. Doubles with each further attempt. @default 5000 */
  retryDelay?: number | undefined;
}

const OPTIONS: OptionTable<SubmitOptions> = {
  ...QUEUE_OPTIONS,
  ...DESCRIPTION_OPTIONS,
  name: 'any',
  account: 'string',
  priority: 'any',
  attempts: 'any',
  retryDelay: 'number',
};

/**
 * Submits an export to the workers of a queue: one job per part, and a job that merges the parts in order.
 *
 * If you submit the same export again, you join it while it runs, and get its summary when it is complete. A failed export is resumed:
 * records that were already read are not read again.
 *
 * @throws ConfigurationError that lists every problem. BatchError `ERR_QUEUE` if Redis is unreachable now;
 * `ERR_CHECKPOINT_MISMATCH` if the queue has an export of this name with other parts, another output or another account.
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
  const [own, problems] = readOptions(options, OPTIONS);
  const { name, connection, priority = PRIORITY.default, attempts = 5, retryDelay = 5000 } = own;
  const { queue = DEFAULTS.queue, prefix = DEFAULTS.prefix } = own;
  refuse('submitExport', [
    ...queueProblems(own),
    nameProblem('name', name),
    !(Number.isInteger(attempts) && attempts > 0) && 'attempts must be a whole number above 0',
    !(isWhole(priority) && priority <= PRIORITY.lowest) &&
      `priority must be a whole number from ${PRIORITY.highest} to ${PRIORITY.lowest}, not ${priority}`,
    ...problems,
  ]);
  const text = writeDescription(own);
  const bullmq = await loadBullmq();
  const { client, close: disconnect } = await connect(connection);
  const parts = own.parts.length;
  const flow = openFlow({ bullmq, client, queue, prefix, name, parts, timeout: COMMAND_TIMEOUT });
  const close = async () => {
    await flow.close();
    await disconnect();
  };
  try {
    const keys = exportKeys(prefix, queue, name);
    const ledger = createLedger(client, keys, COMMAND_TIMEOUT);
    const account = storedAccount(own.account);
    let { state, run, owner } = await ledger.claimExport(text, account, undefined, priority);
    if (state === 'joined' && (await flow.failure(run)) !== undefined) {
      // The jobs failed without a note of a worker, for example because a job was removed by hand.
      ({ state, run } = await ledger.claimExport(text, account, run, priority));
    }
    if (state === 'other') throw nameInUse(name);
    if (state === 'foreign') throw ofOtherAccount(name, owner, account);
    // For `listExports`.
    await askRedis(client, COMMAND_TIMEOUT, () => client.zadd(namesKey(prefix, queue), Date.now(), name));
    // Also for a joined export: its first submitter may have died before it added the jobs.
    if (state !== 'complete') {
      // A damaged checkpoint is reported by the worker of the part.
      const states =
        state === 'resumed' ? await readStates({ name, keys, ledger }, parts).catch(() => []) : [];
      await flow.add(run, {
        attempts,
        retryDelay,
        priority,
        isComplete: (part) => states[part]?.complete === true,
      });
    }
    const registry = createWorkerRegistry(client, { prefix, queue, timeout: COMMAND_TIMEOUT });
    const attendance = watchAttendance(queue, registry, flow.isPaused);
    return createHandle({ ledger, keys, name, parts, state, flow, attendance, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function nameInUse(name: string): BatchError {
  return new BatchError(
    `this queue already has an export ${name} with other parts, another output or other options. Submit it with the same options, ` +
      'choose another name, or remove the existing export (removeExport).',
    'ERR_CHECKPOINT_MISMATCH',
    { resumable: false },
  );
}

function ofOtherAccount(name: string, owner: string | undefined, account: string): BatchError {
  return new BatchError(
    `the export ${name} in this queue has ${describeAccount(owner)}, not ${describeAccount(account)}. Submit it with the account of the ` +
      'export or without an account, choose another name, or remove the existing export (removeExport).',
    'ERR_CHECKPOINT_MISMATCH',
    { resumable: false },
  );
}
