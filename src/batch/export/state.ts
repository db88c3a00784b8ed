import { isWhole } from '../../core/internal.ts';
import { countRecords } from '../count-records.ts';
import { BatchError } from '../errors.ts';
import type { Json, Page } from '../sources/source.ts';
import type { Found } from './seen.ts';
import { addPage, checkWindow, enterWindow, startWindow, type WindowState } from './window.ts';

/** The progress of an export, as saved in its checkpoint. */
export interface ExportState {
  /** `next` of the last written page. */
  readonly cursor?: Json;
  /** The position that the sink returned when the output was saved. */
  readonly position?: Json;
  /** Length of the journal. */
  readonly journal: number;
  readonly records: number;
  readonly pages: number;
  readonly repeated: number;
  /** Records that the API returned outside the export. Absent in checkpoints of earlier versions. */
  readonly outside?: number;
  /** Written records that do not say when they began. Absent if there are none. */
  readonly undated?: number;
  /** The total that the source last returned, for progress. */
  readonly total?: number;
  /** The window of the next page. */
  readonly window: WindowState;
  /** The records that the API stated for the windows that have ended; absent if it stated none. */
  readonly stated?: number;
  /** The stated records that did not arrive. */
  readonly missing: number;
  /** Warnings about the pages so far. */
  readonly warnings: readonly string[];
  /** How many further warnings were left out. */
  readonly moreWarnings: number;
  readonly complete: boolean;
}

export const START: ExportState = {
  journal: 0,
  records: 0,
  pages: 0,
  repeated: 0,
  window: startWindow(1),
  missing: 0,
  warnings: [],
  moreWarnings: 0,
  complete: false,
};

/** The warning about an export without records. */
export const NO_RECORDS =
  'the API returned no records: check the interval, the filters and the permissions of the client';

// A checkpoint is written once a second, and must stay small.
const MAX_WARNINGS = 100;
// Moving records can fill one page with known ones, but not as many as this.
const MAX_PAGES_WITHOUT_NEW = 10;

/**
 * Returns the state with the window of a page.
 *
 * @throws BatchError `ERR_TOTAL_MISMATCH` if the page ends a window that lacks records.
 */
export function beforePage(state: ExportState, page: Page, source: string): ExportState {
  const { items, window, end, stated } = page;
  if (end && items.length > 0)
    throw new Error(`the source ${source} returned records on a page that ends a window`);
  if (stated !== undefined && !isWhole(stated))
    throw new Error(`the source ${source} stated ${stated} records: stated must be a whole number`);
  const { name } = state.window;
  const hasWindow = items.length > 0 || stated !== undefined || end !== undefined;
  const isOther = hasWindow && name !== undefined && (window ?? (end ? name : null)) !== name;
  const left = isOther ? endWindow(state, source) : state;
  if (!hasWindow) return left;
  const entered = { ...left, window: enterWindow(left.window, page) };
  return end ? endWindow(entered, source, end) : entered;
}

/** Counts of the new records of a page. */
export interface OutsideCounts {
  /** Records outside the export. */
  readonly outside: number;
  /** Other records that do not say when they began. */
  readonly undated: number;
}

/** Returns the state after a page was written. @param state the result of `beforePage`. */
export function afterPage(
  state: ExportState,
  page: Page,
  found: Found<unknown>,
  { outside, undated }: OutsideCounts,
): ExportState {
  const { items, next, total, save, end, overlaps, warnings = [] } = page;
  const isCounted = items.length > 0 || !(save || end);
  return addWarnings(
    {
      ...state,
      ...(next !== undefined && { cursor: next }),
      ...(Number.isFinite(total) && { total: total as number }),
      window: addPage(state.window, found, overlaps),
      pages: state.pages + (isCounted ? 1 : 0),
      records: state.records + found.fresh.length - outside,
      ...(outside > 0 && { outside: (state.outside ?? 0) + outside }),
      ...(undated > 0 && { undated: (state.undated ?? 0) + undated }),
      repeated: state.repeated + items.length - found.fresh.length,
    },
    warnings,
  );
}

/** @throws BatchError `ERR_PAGE_LOOP` if the last pages had no new record. */
export function refuseRepeatedPages({ window }: ExportState): void {
  if (window.pagesWithoutNew < MAX_PAGES_WITHOUT_NEW) return;
  throw new BatchError(
    `the last ${window.pagesWithoutNew} pages of the API had no new record: the API ignores a paging parameter, or returns its last ` +
      'page again and again. Check the names of the paging parameters and the path of the id. After a change of the options, set ' +
      'restart (--restart) to start over.',
    'ERR_PAGE_LOOP',
  );
}

/**
 * Returns the state of a complete export.
 *
 * @param warnings of the output.
 */
export function complete(state: ExportState, warnings: readonly string[]): ExportState {
  return { ...addWarnings(state, warnings), complete: true };
}

/**
 * Ends the last window.
 *
 * @throws BatchError `ERR_TOTAL_MISMATCH` if it lacks records.
 */
export function afterLastPage(state: ExportState, source: string): ExportState {
  const ended = state.window.name === undefined ? state : endWindow(state, source);
  const { records, outside = 0, undated = 0 } = ended;
  return addWarnings(ended, [
    ...(records + outside > 0 ? [] : [NO_RECORDS]),
    ...(undated > 0 ? [undatedWarning(undated)] : []),
  ]);
}

function undatedWarning(undated: number): string {
  return (
    `${countRecords(undated)} did not say when ${undated === 1 ? 'it' : 'they'} began, so the export contains every such record that the ` +
    'API returned: the export of a neighbouring day may contain it too'
  );
}

/** Returns the warnings, and how many more there were. */
export function warningsOf({
  warnings,
  moreWarnings,
}: Pick<ExportState, 'warnings' | 'moreWarnings'>): readonly string[] {
  return moreWarnings === 0 ? warnings : [...warnings, `${moreWarnings} further warnings were left out`];
}

/** Returns the state of an export that continues without the ids of the earlier runs. */
export function withoutJournal(state: ExportState): ExportState {
  if (state.records === 0) return state;
  return addWarnings(state, [
    `the export continued after ${state.records} records without a journal, so records that the earlier runs wrote are not recognised: the ` +
      'output may contain them twice, and the counts may include them twice. Give the checkpoint store a journal',
  ]);
}

function endWindow(state: ExportState, source: string, end?: Page['end']): ExportState {
  const { window } = state;
  const label = end?.label ?? `the source ${source}${window.name ? ` for ${window.name}` : ''}`;
  const { missing, warnings } = checkWindow(window, label, end && (end.tolerance ?? 0));
  const stated = window.totals && (state.stated ?? 0) + window.totals.last;
  return addWarnings(
    {
      ...state,
      window: startWindow(window.number + 1),
      missing: state.missing + missing,
      ...(stated !== undefined && { stated }),
    },
    warnings,
  );
}

function addWarnings(state: ExportState, added: readonly string[]): ExportState {
  const fresh = added.filter((warning) => !state.warnings.includes(warning));
  if (fresh.length === 0) return state;
  const all = [...state.warnings, ...fresh];
  return {
    ...state,
    warnings: all.slice(0, MAX_WARNINGS),
    moreWarnings: state.moreWarnings + Math.max(0, all.length - MAX_WARNINGS),
  };
}
