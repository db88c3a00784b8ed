import { BatchError } from '../batch/index.ts';
import { isNewerFormat, newerFormat } from '../core/internal.ts';

/**
 * The version of exports and jobs in Redis. Increase it if an earlier version would misread an export: its workers then leave the export to
 * others. Version 2 has no accounts, version 1 no warnings. Version 0.2 of this package and earlier versions write none.
 */
export const VERSION = 3;

/** An export of a newer version of this package, which this process leaves as it is. */
export class NewerExportError extends BatchError {}

/** @param version as read from Redis. @throws NewerExportError */
export function refuseNewer(what: string, version: unknown): void {
  const number = version === undefined ? undefined : Number(version);
  if (!isNewerFormat(number, VERSION)) return;
  throw new NewerExportError(`${newerFormat(`the export ${what} in Redis`, number, VERSION)}.`, 'ERR_QUEUE', {
    resumable: false,
  });
}
