import { type Digest, digestOfPage } from '../digest.ts';
import { BatchError } from '../errors.ts';
import type { Json } from './source.ts';

/** Remembers the pages of one query. */
export interface PageRepeats {
  /**
   * Notes a page by the ids of its records.
   *
   * @returns true if an earlier page had the same ids in the same order. A page without records is never a repeat.
   */
  add(ids: readonly unknown[]): boolean;
}

/** Creates a memory for pages. All pages count, because an API can repeat several pages in a circle. */
export function createPageRepeats(): PageRepeats {
  const digests = new Set<Digest>();
  return {
    add(ids) {
      if (ids.length === 0) return false;
      const { size } = digests;
      digests.add(digestOfPage(ids as Json));
      return digests.size === size;
    },
  };
}

/** Returns the error for a page that the API returned before. @param label names the request in messages. */
export function repeatedPage(label: string, received: number, stated: number | undefined): BatchError {
  const progress = stated === undefined ? `${received} records` : `${received} of ${stated} records`;
  return new BatchError(
    `${label} returned a page again that it had returned before, after ${progress}. The export stops, because it would ` +
      'never end. Check any proxy or cache between this host and the API, and report the repeated page to the operator of the API.',
    'ERR_PAGE_LOOP',
  );
}
