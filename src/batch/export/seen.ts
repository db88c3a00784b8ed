import type { JournalStore } from '../checkpoint-store.ts';
import { type Digest, digestOfId, digestOfPage, digestOfRecord } from '../digest.ts';
import { BatchError } from '../errors.ts';
import type { Json, PageSource } from '../sources/source.ts';
import { createIdTable } from './id-table.ts';
import { openJournal } from './journal.ts';

/** The records of a page, compared with the earlier records of the export. */
export interface Found<Item> {
  /** The records that no earlier page contained. */
  readonly fresh: readonly Item[];
  /** How many records are new in the window. */
  readonly different: number;
  /** How many records have an id that the window contained before. */
  readonly repeated: number;
  /** How many records have no id, and equal an earlier record of the window. */
  readonly identical: number;
}

/** Remembers the records and pages that an export has read. */
export interface Seen<Item> {
  /**
   * Notes the key of the next page.
   *
   * @throws BatchError `ERR_PAGE_LOOP` if that page was read already.
   */
  follow(key: Json | undefined, window: number): void;
  /**
   * Notes the records of a page.
   *
   * @param isStated whether the API states a total for the window. Only then are records without an id compared.
   */
  add(items: readonly Item[], window: number, isStated: boolean): Found<Item>;
  /** Gives the disk what was noted so far, without waiting for it. */
  flush(): Promise<void>;
  /** Writes the journal to the disk, and returns the `position` to open it with again; 0 without a journal. */
  save(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the memory of an export.
 *
 * @param location of the journal; undefined forgets everything at the end of the process.
 * @param position the value that `save` returned; 0 at the start.
 */
export async function openSeen<Item>(
  location: string | JournalStore | undefined,
  position: number,
  identify: PageSource<Item>['identify'],
): Promise<Seen<Item>> {
  const table = createIdTable();
  const journal =
    location === undefined
      ? undefined
      : await openJournal(location, position, (digest, window) => void table.see(digest, window));

  /** @returns the window in which the digest was last seen, or 0. */
  function see(digest: Digest, window: number): number {
    const before = table.see(digest, window);
    if (before !== window) journal?.note(digest, window);
    return before;
  }

  return {
    follow(key, window) {
      if (key === undefined || see(digestOfPage(key), window) === 0) return;
      throw new BatchError(
        'the pages of the API form a loop: a page leads to a page that was already read. ' +
          'The export stops and has written no record twice. Check the path of the cursor or link, and report the loop to the operator ' +
          'of the API.',
        'ERR_PAGE_LOOP',
      );
    },
    add(items, window, isStated) {
      const fresh: Item[] = [];
      let [different, repeated, identical] = [0, 0, 0];
      for (const item of items) {
        const id = identify?.(item) ?? undefined;
        if (id === undefined) {
          fresh.push(item);
          if (isStated && see(digestOfRecord(item), window) === window) identical++;
          else different++;
          continue;
        }
        const before = see(digestOfId(id), window);
        if (before === 0) fresh.push(item);
        if (before === window) repeated++;
        else different++;
      }
      return { fresh, different, repeated, identical };
    },
    flush: async () => journal?.flush(),
    save: async () => journal?.save() ?? 0,
    close: async () => journal?.close(),
  };
}
