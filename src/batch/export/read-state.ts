import { isWhole } from '../../core/internal.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { type ExportState, START } from './state.ts';

/**
 * Reads the state of a checkpoint.
 *
 * @param version the format version of the checkpoint.
 * @returns the state, or the reason why it cannot be used.
 */
export function readState(state: unknown, version: number): ExportState | string {
  if (!isJsonObject(state)) return INVALID;
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

function isState(value: JsonObject): value is JsonObject & ExportState {
  const { journal, records, pages, repeated, missing, moreWarnings } = value;
  const { stated, outside, undated, total, warnings, complete } = value;
  return (
    [journal, records, pages, repeated, missing, moreWarnings].every((count) => isWhole(count)) &&
    [stated, outside, undated].every((count) => count === undefined || isWhole(count)) &&
    (total === undefined || typeof total === 'number') &&
    Array.isArray(warnings) &&
    warnings.every((warning) => typeof warning === 'string') &&
    typeof complete === 'boolean' &&
    isWindow(value.window) &&
    (records === 0 || isAfterPage(value))
  );
}

/** Returns whether a state with records says where to continue. A complete export has no open window. */
function isAfterPage({ cursor, position, complete, window }: JsonObject): boolean {
  if ((position ?? undefined) === undefined) return false;
  return complete ? Object(window).name === undefined : cursor !== undefined;
}

function isWindow(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { number, name, different, repeated, identical, pagesWithoutNew, totals } = value;
  return (
    [different, repeated, identical, pagesWithoutNew].every((count) => isWhole(count)) &&
    isWhole(number, 1) &&
    (name === undefined || name === null || typeof name === 'string') &&
    (totals === undefined || isTotals(totals))
  );
}

function isTotals(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { first, last, lowest, highest } = value;
  return [first, last, lowest, highest].every((count) => isWhole(count));
}
