import { isNewerFormat, newerFormat } from '../core/internal.ts';
import { LeftAloneError } from './left-alone-error.ts';

/**
 * The version of exports and jobs in Redis. Increase it if an earlier version would misread an export: its workers then leave the export to
 * others. Version 3 has no `replace`, `keepSummary` and records outside of a part, version 2 no accounts, version 1 no warnings. Version 0.2 of this package and earlier versions write none.
 */
export const VERSION = 4;

/** @param version as read from Redis. @throws LeftAloneError */
export function refuseNewer(what: string, version: unknown): void {
  const number = version === undefined ? undefined : Number(version);
  if (!isNewerFormat(number, VERSION)) return;
  throw new LeftAloneError(`${newerFormat(`the export ${what} in Redis`, number, VERSION)}.`, {
    version: Number(number),
  });
}
