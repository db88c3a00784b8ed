import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { monotonicOf, systemClock } from '../../core/internal.ts';
import { type Progress, toProgress } from '../progress.ts';
import { createRequests } from '../requests.ts';
import { RUN_DEFAULTS } from '../run-options.ts';
import type { Json, Page } from '../sources/source.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { openSeen } from './journal.ts';
import { EXPORT_DEFAULTS, type ExportOptions } from './options.ts';

/** The progress of an export, as saved in its checkpoint. */
export interface ExportState {
  /** `next` of the last written page. */
  cursor?: Json;
  /** The position that the sink returned when the output was saved. */
  position?: Json;
  /** Length of the journal. */
  journal: number;
  records: number;
  pages: number;
  repeated: number;
  /** The total that the API last announced. */
  total?: number;
  complete: boolean;
}

export const START: ExportState = { journal: 0, records: 0, pages: 0, repeated: 0, complete: false };

/**
 * Writes page after page until the source ends.
 *
 * @param saved the state to start from.
 * @param journal the file for ids and cursors; undefined uses memory only.
 * @param checkpoint saves a state. The output up to its position is on the disk already.
 */
export async function runExport<Item>(
  options: ExportOptions<Item>,
  saved: ExportState,
  journal: string | undefined,
  checkpoint: (state: ExportState) => Promise<void>,
): Promise<Progress> {
  const { api, source, sink, rate, signal, tokens, onProgress } = options;
  const { clock = systemClock, random = Math.random } = options;
  const { timeout = RUN_DEFAULTS.timeout, readAhead = EXPORT_DEFAULTS.readAhead } = options;
  const { checkpointInterval = EXPORT_DEFAULTS.checkpointInterval } = options;
  const now = monotonicOf(clock);
  const startedAt = now();
  const state = { ...saved };
  let refreshes = 0;
  let savedAt = startedAt;
  // Whether the state matches the output. While a page is written, and after the disk failed, the state does not.
  let isConsistent = true;

  const ended = new AbortController();
  const requests = createRequests({ api, rate, timeout, signal: ended.signal, clock });
  const output = await sink.open(state.position, signal);
  const seen = await openSeen<Item>({
    path: journal,
    position: state.journal,
    identify: source.identify?.bind(source),
  }).catch(async (error: unknown) => {
    await output.close();
    throw error;
  });

  async function save(): Promise<void> {
    if (!isConsistent) return;
    isConsistent = false;
    const position = await output.save();
    if (position !== undefined) {
      Object.assign(state, { position, journal: await seen.save() });
      await checkpoint(state);
      savedAt = now();
    }
    isConsistent = true;
  }

  async function write(page: Page<Item>): Promise<void> {
    seen.follow(page.nextKey ?? page.next);
    isConsistent = false;
    const items = await seen.addRecords(page);
    await output.write(items);
    if (page.next !== undefined) state.cursor = page.next;
    if (!page.save || page.items.length > 0) state.pages++;
    state.records += items.length;
    state.repeated += page.items.length - items.length;
    if (page.total !== undefined) state.total = page.total;
    // The last page has no cursor to resume from, so the next checkpoint is the final one.
    isConsistent = page.next !== undefined;
    if (page.save || now() - savedAt >= checkpointInterval) await save();
    await onProgress?.(progress());
  }

  function progress(): Progress {
    const { records, pages, repeated, total } = state;
    const elapsed = now() - startedAt;
    const recordsBefore = saved.records;
    return toProgress({
      records,
      recordsBefore,
      pages,
      repeated,
      total,
      refreshes,
      ...requests.counts,
      elapsed,
    });
  }

  const unsubscribe = tokens?.subscribe(({ type }) => {
    if (type === 'refresh-succeeded') refreshes++;
  });
  // Pending requests end immediately, and the next run sends them again.
  const onAbort = () => ended.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  let pages: AsyncIterator<Page<Item>> | undefined;
  try {
    pages = source
      .read({
        from: state.cursor,
        readAhead,
        signal: ended.signal,
        clock,
        random,
        request: requests.send,
      })
      [Symbol.asyncIterator]();
    for (;;) {
      if (signal?.aborted) throw signal.reason;
      const { done, value } = await pages.next();
      if (done) break;
      if (!isConsistent) throw new Error(`the source ${source.name} returned a page after the last page`);
      // Let the source send its next request before this page uses the processor.
      await setImmediate();
      await write(value);
    }
    isConsistent = false;
    await output.finish();
    isConsistent = true;
    state.complete = true;
    await save();
    if (journal !== undefined) await rm(journal, { force: true });
    return progress();
  } catch (error) {
    // Save, so that the next run does not read the pages since the last checkpoint again.
    await save().catch(() => {});
    throw signal?.aborted ? interrupted(signal.reason) : toBatchError(error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    unsubscribe?.();
    // Abort, or closing the source would wait for its pending requests.
    ended.abort();
    await pages?.return?.().catch(() => {});
    await seen.close();
    await output.close();
  }
}
