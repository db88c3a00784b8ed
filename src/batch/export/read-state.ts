import { type ExportState, START } from './state.ts';

/**
 * Reads the state of a checkpoint.
 *
 * @param version the format version of the checkpoint.
 * @returns the state, or the reason why it cannot be used.
 */
export function readState(state: unknown, version: number): ExportState | string {
  if (!isObject(state)) return INVALID;
  if (version === 1 && state.complete !== true)
    return (
      'an older version of axios-oauth-refresh wrote it, and the counts of this version are missing. Finish the export with the version ' +
      'that began it, or set restart (--restart) to start over; the existing files are renamed'
    );
  // Version 1 counted no windows. Its complete exports stay complete.
  const read = version === 1 ? { ...START, ...state } : state;
  return isState(read) ? read : INVALID;
}

const INVALID =
  'its state is not the state of an export. Restore it from a backup, or set restart (--restart) to start over; the existing files are ' +
  'renamed';

function isState(value: Record<string, unknown>): value is Record<string, unknown> & ExportState {
  const { journal, records, pages, repeated, missing, moreWarnings, stated, total, warnings, complete } =
    value;
  return (
    [journal, records, pages, repeated, missing, moreWarnings].every(isCount) &&
    (stated === undefined || isCount(stated)) &&
    (total === undefined || typeof total === 'number') &&
    Array.isArray(warnings) &&
    warnings.every((warning) => typeof warning === 'string') &&
    typeof complete === 'boolean' &&
    isWindow(value.window) &&
    (records === 0 || isAfterPage(value))
  );
}

/** Returns whether a state with records says where to continue. A complete export has no open window. */
function isAfterPage({ cursor, position, complete, window }: Record<string, unknown>): boolean {
  if ((position ?? undefined) === undefined) return false;
  return complete ? Object(window).name === undefined : cursor !== undefined;
}

function isWindow(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { number, name, different, repeated, identical, pagesWithoutNew, totals } = value;
  return (
    [number, different, repeated, identical, pagesWithoutNew].every(isCount) &&
    Number(number) >= 1 &&
    (name === undefined || name === null || typeof name === 'string') &&
    (totals === undefined || isTotals(totals))
  );
}

function isTotals(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { first, last, lowest, highest } = value;
  return [first, last, lowest, highest].every(isCount);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
