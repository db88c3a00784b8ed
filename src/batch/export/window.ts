import { allowedMissing, countRecords } from '../count-records.ts';
import { BatchError } from '../errors.ts';
import type { Page } from '../sources/source.ts';
import type { Found } from './seen.ts';

/** The counts of one window. The checkpoint contains them, so that a resumed export continues to count. */
export interface WindowState {
  /** From 1. */
  readonly number: number;
  /** Absent before the first page of the window. */
  readonly name?: string | null;
  /** Different records, including records that an earlier window contained too. */
  readonly different: number;
  /** Records whose id had come before in this window. */
  readonly repeated: number;
  /** Records without an id that equal an earlier record of this window. */
  readonly identical: number;
  /** How many of the last pages had records, but no new one. */
  readonly pagesWithoutNew: number;
  /** The totals that the API stated. */
  readonly totals?: Totals;
}

interface Totals {
  readonly first: number;
  readonly last: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Returns a window without pages. */
export function startWindow(number: number): WindowState {
  return { number, different: 0, repeated: 0, identical: 0, pagesWithoutNew: 0 };
}

/** Returns the window with the name and the total of a page. */
export function enterWindow(state: WindowState, { window, stated, end }: Page): WindowState {
  const name = end && state.name !== undefined ? state.name : (window ?? null);
  if (stated === undefined) return { ...state, name };
  const { first, lowest, highest } = state.totals ?? { first: stated, lowest: stated, highest: stated };
  const totals = {
    first,
    last: stated,
    lowest: Math.min(lowest, stated),
    highest: Math.max(highest, stated),
  };
  return { ...state, name, totals };
}

/** Adds the records of a page. @param overlaps whether the page repeats records by design. */
export function addPage(state: WindowState, found: Found<unknown>, overlaps = false): WindowState {
  const { different, identical } = found;
  const repeated = overlaps ? 0 : found.repeated;
  const hasNone = different === 0 && identical === 0;
  return {
    ...state,
    different: state.different + different,
    repeated: state.repeated + repeated,
    identical: state.identical + identical,
    pagesWithoutNew: hasNone ? state.pagesWithoutNew + (repeated > 0 ? 1 : 0) : 0,
  };
}

/**
 * Compares the different records of a window with the total that the API stated last.
 *
 * @param tolerance the fraction of the total that may be missing; undefined if the source has not ended the window.
 * @returns how many records are missing, and warnings.
 * @throws BatchError `ERR_TOTAL_MISMATCH` if more are missing.
 */
export function checkWindow(
  window: WindowState,
  label: string,
  tolerance: number | undefined,
): { missing: number; warnings: string[] } {
  const { different, repeated, identical, totals } = window;
  const stated = totals?.last ?? 0;
  // Equal records without an id can be different records.
  const missing = Math.max(0, stated - different - identical);
  if (missing > allowedMissing(stated, tolerance ?? 0)) throw mismatch(window, label, missing, tolerance);
  const warnings = [
    missing > 0 &&
      `${label} stated ${countRecords(stated)}, but returned ${different + identical} different ones: ${areMissing(missing)}, which the ` +
        `tolerance of ${tolerance} allows`,
    missing === 0 &&
      different < stated &&
      `${label} stated ${countRecords(stated)}, but only ${different} of the returned ones differ. The records have no id, so they may be ` +
        'repeated or lost: set the path of the id (--id) to find out',
    totals && changeOf(totals, label),
    repeated > 0 &&
      `${countRecords(repeated)} of ${label} came twice, and ${repeated === 1 ? 'was' : 'were'} written once: the pages shifted or overlap, so ` +
        'others may be lost',
  ];
  return { missing, warnings: warnings.filter((warning) => typeof warning === 'string') };
}

function changeOf({ first, last, lowest, highest }: Totals, label: string): string | undefined {
  if (lowest === highest) return undefined;
  const how = first === last ? `between ${lowest} and ${highest}` : `from ${first} to ${last}`;
  return (
    `the total of ${label} changed ${how} during the export: records were added or deleted, so others may have moved ` +
    'between the pages'
  );
}

function mismatch(
  { different, repeated, identical, totals }: WindowState,
  label: string,
  missing: number,
  tolerance: number | undefined,
): BatchError {
  const stated = totals?.last ?? 0;
  const twice = repeated + identical;
  const enough = Math.ceil((missing / stated) * 10_000) / 10_000;
  return new BatchError(
    `${label} stated ${countRecords(stated)}, but returned ${different + identical} different ones: ${areMissing(missing)}` +
      `${twice > 0 ? `, and ${countRecords(twice)} came twice` : ''}. The received records are saved. Check whether the missing ones were ` +
      'deleted during the export, or set restart (--restart) to start over.' +
      (tolerance === undefined
        ? ''
        : ' To accept the difference, run the same export again with a totalTolerance ' +
          `(--total-tolerance) of ${enough}.`),
    'ERR_TOTAL_MISMATCH',
    tolerance === undefined ? {} : { tolerance: enough },
  );
}

function areMissing(records: number): string {
  return records === 1 ? '1 is missing' : `${records} are missing`;
}
