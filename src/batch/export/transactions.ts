import type { OpenSink } from '../sinks/sink.ts';
import type { Page, PageSource } from '../sources/source.ts';
import type { Seen } from './seen.ts';
import {
  afterLastPage,
  afterPage,
  beforePage,
  complete,
  type ExportState,
  type OutsideCounts,
  refuseRepeatedPages,
} from './state.ts';

/** What a transaction changes. */
interface Parts<Item> {
  source: Pick<PageSource<Item>, 'name' | 'isOutside'>;
  state: ExportState;
  output: OpenSink<Item>;
  seen: Seen<Item>;
  /** Saves a state. The output up to its position is on the disk already. */
  checkpoint(state: ExportState): Promise<void>;
}

/** The output of an export together with the state that describes it. A transaction changes both. */
export interface Transactions<Item> {
  readonly state: ExportState;
  /**
   * Writes a page.
   *
   * @throws BatchError `ERR_TOTAL_MISMATCH`, `ERR_PAGE_LOOP`, and the errors of the sink.
   */
  write(page: Page<Item>): Promise<void>;
  /**
   * Saves the output and the state. Does nothing within a transaction and after a failed one, because the state does not describe the
   * output then: the checkpoint of the last save stays valid.
   *
   * @returns whether the state is saved.
   */
  save(): Promise<boolean>;
  /** Writes the end of the output, and saves. */
  finish(): Promise<void>;
}

export function openTransactions<Item>(parts: Parts<Item>): Transactions<Item> {
  const { source, output, seen, checkpoint } = parts;
  let { state } = parts;
  let isOpen = false;

  /** Separates the records to write from the records outside the export. */
  function split(items: readonly Item[]): { inside: readonly Item[] } & OutsideCounts {
    if (!source.isOutside) return { inside: items, outside: 0, undated: 0 };
    let undated = 0;
    const inside = items.filter((item) => {
      const isOutside = source.isOutside?.(item);
      if (isOutside === undefined) undated++;
      return !isOutside;
    });
    return { inside, outside: items.length - inside.length, undated };
  }

  async function save(): Promise<boolean> {
    if (isOpen) return false;
    isOpen = true;
    const position = await output.save();
    const isSaved = position !== undefined;
    if (isSaved) {
      const saved = { ...state, position, journal: await seen.save() };
      await checkpoint(saved);
      state = saved;
    }
    isOpen = false;
    return isSaved;
  }

  return {
    get state() {
      return state;
    },
    async write(page) {
      if (isOpen) throw new Error(`the source ${source.name} returned a page after the last page`);
      const begun = beforePage(state, page, source.name);
      const { number, totals } = begun.window;
      seen.follow(page.nextKey ?? page.next, number);
      isOpen = true;
      const found = seen.add(page.items, number, totals !== undefined);
      const { inside, ...counts } = split(found.fresh);
      await output.write(inside);
      await seen.flush();
      state = afterPage(begun, page, found, counts);
      // The last page has no cursor to resume from, so its transaction ends with the export.
      isOpen = page.next === undefined;
      if (!isOpen) refuseRepeatedPages(state);
    },
    save,
    async finish() {
      const ended = afterLastPage(state, source.name);
      isOpen = true;
      await output.finish();
      state = complete(ended, output.warnings?.() ?? []);
      isOpen = false;
      await save();
    },
  };
}
