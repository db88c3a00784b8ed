import { ConfigurationError } from '../core/index.ts';
import { partsOf } from './description.ts';
import { findExports, noSuchExport } from './export-names.ts';
import { refuseNewer } from './format-version.ts';
import { type NamedExportOptions, withQueue } from './open-queue.ts';
import type { QueueOptions } from './worker-options.ts';

/**
 * Notes that an export was cancelled as its failure, and takes its parts from the workers, so that Redis refuses what they save.
 *
 * KEYS: the export, the merge, the parts. ARGV: the failure. Replies 1, or 0 if the export is complete.
 */
const CANCEL = /* lua */ `
if redis.call('HEXISTS', KEYS[1], 'summary') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'failure', ARGV[1])
for index = 2, #KEYS do
  local fence = tonumber(redis.call('HGET', KEYS[index], 'fence'))
  if fence then redis.call('HSET', KEYS[index], 'fence', string.format('%.0f', fence + 1)) end
end
return 1
`;

/**
 * Cancels an export: no part starts any more, and workers stop at the next checkpoint. The records so far are kept: submit the same export
 * again to resume it, or remove it with `removeExport`. `finished` of other processes rejects with `ERR_QUEUE`.
 *
 * @throws ConfigurationError if the queue has no export of this name, or the export is complete. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export function cancelExport(options: NamedExportOptions): Promise<void> {
  return withQueue('cancelExport', options, true, async (open) => {
    const { name, client, ask } = open;
    const { ledger, keys } = open.ledgerOf(name);
    const { description, run, version } = await ledger.read();
    refuseNewer(name, version);
    if (description === undefined || run === undefined) {
      throw noSuchExport('cancelExport', open, (await findExports(open)).names);
    }
    const failure = {
      code: 'ERR_QUEUE',
      message: 'the export was cancelled',
      resumable: true,
      permanent: false,
      cancelled: true,
    };
    const list = [keys.whole, keys.merge, ...keys.parts(partsOf(description))];
    const reply = await ask(() => client.eval(CANCEL, list.length, ...list, JSON.stringify(failure)));
    if (reply !== 1) throw new ConfigurationError('cancelExport', [`the export ${name} is already complete`]);
    await open.removeJobs(run);
  });
}

/**
 * Pauses a queue: no part starts until `resumeQueue`. Parts that are running continue.
 *
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export function pauseQueue(options: QueueOptions): Promise<void> {
  return withQueue('pauseQueue', options, false, ({ queue, ask }) => ask(() => queue.pause()));
}

/**
 * Resumes a queue after `pauseQueue`.
 *
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export function resumeQueue(options: QueueOptions): Promise<void> {
  return withQueue('resumeQueue', options, false, ({ queue, ask }) => ask(() => queue.resume()));
}
