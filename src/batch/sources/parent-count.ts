import { allowedMissing, countRecords } from '../count-records.ts';
import { BatchError } from '../errors.ts';
import { createPageRepeats, repeatedPage } from './seen-pages.ts';
import type { Page } from './source.ts';

/** Counts the parents of a source and checks their totals, because the export itself counts only the children. */
export interface ParentCount {
  /** Different parents of the current window. */
  readonly count: number;
  /**
   * Adds a page.
   *
   * @param keys the ids of its parents.
   * @returns the ids that are new, and warnings.
   * @throws BatchError `ERR_PAGE_LOOP` for a repeated page, `ERR_TOTAL_MISMATCH` if parents are missing.
   */
  add(page: Page, keys: readonly string[]): { fresh: ReadonlySet<string>; warnings: string[] };
  /** Checks the last window. @throws BatchError `ERR_TOTAL_MISMATCH` */
  end(): string[];
}

/**
 * Starts to count.
 *
 * @param name of the source, for messages.
 * @param before the different parents of the window on earlier pages.
 */
export function createParentCount(name: string, before: number): ParentCount {
  const seen = new Set<string>();
  let repeats = createPageRepeats();
  // A parent of two windows counts in both.
  let inWindow = new Set<string>();
  let count = before;
  let stated: number | undefined;
  let window: string | null | undefined;

  function startWindow(): void {
    [stated, count, inWindow, repeats] = [undefined, 0, new Set(), createPageRepeats()];
  }

  function check(label: string, tolerance = 0): string[] {
    const [total = 0, received] = [stated, count];
    startWindow();
    const missing = total - received;
    if (missing <= 0) return [];
    const numbers = `${label} stated ${countRecords(total)}, but returned ${received} different ones: ${missing} missing`;
    if (missing <= allowedMissing(total, tolerance)) return [numbers];
    throw new BatchError(
      `${numbers}. The children of the others are saved. Check whether the missing ones were deleted during the export, or set ` +
        'restart (--restart) to start over.',
      'ERR_TOTAL_MISMATCH',
    );
  }

  return {
    get count() {
      return count;
    },
    add(page, keys) {
      const { end, warnings = [] } = page;
      const current = page.window ?? (end ? window : null);
      // A job that expired has no end: the next job returns its records again.
      if (window !== undefined && current !== window) startWindow();
      window = current;
      if (repeats.add(keys)) throw repeatedPage(`the source ${name}`, count, stated);
      const fresh = new Set(keys.filter((key) => !seen.has(key)));
      for (const key of fresh) seen.add(key);
      count += keys.filter((key) => !inWindow.has(key)).length;
      for (const key of keys) inWindow.add(key);
      stated = page.stated ?? stated;
      return { fresh, warnings: [...warnings, ...(end ? check(end.label, end.tolerance) : [])] };
    },
    end: () => check(`the source ${name}`),
  };
}
