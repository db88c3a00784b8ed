import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../core/internal.ts';
import { type Progress, toProgress } from '../progress.ts';
import { createRequests } from '../requests.ts';
import { RUN_DEFAULTS } from '../run-options.ts';
import type { Json, Page } from '../sources/source.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { openSeen } from './journal.ts';
import { EXPORT_DEFAULTS, type ExportOptions } from './options.ts';

/** How far an export is, as its checkpoint keeps it. */
export interface ExportState {
  /** `next` of the last page that was written. */
  cursor?: Json;
  /** What the sink said of its output. */
  position?: Json;
  /** Length of the journal. */
  journal: number;
  records: number;
  pages: number;
  repeated: number;
  /** What the API last said of the whole. */
  total?: number;
  complete: boolean;
}

export const START: ExportState = { journal: 0, records: 0, pages: 0, repeated: 0, complete: false };

/**
 * Writes page after page until the source ends.
 *
 * @param saved where to begin.
 * @param journal the file that remembers ids and cursors; undefined for memory alone.
 * @param checkpoint makes a state last a crash; the output up to its position does so already.
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
  const began = clock.now();
  const state = { ...saved };
  let refreshes = 0;
  let savedAt = began;
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
      savedAt = clock.now();
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
    // Behind the last page there is no cursor to go on from: the next checkpoint is that of the whole.
    isConsistent = page.next !== undefined;
    if (page.save || clock.now() - savedAt >= checkpointInterval) await save();
    await onProgress?.(progress());
  }

  function progress(): Progress {
    const { records, pages, repeated, total } = state;
    const elapsed = clock.now() - began;
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
  // Requests under way end at once; what they were to bring is read again by the next run.
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
      if (!isConsistent) throw new Error(`the source ${source.name} gave a page behind the last one`);
      // The source's next request goes out before this page takes the processor.
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
    // So that the next run need not read again what was written since the last checkpoint.
    await save().catch(() => {});
    throw signal?.aborted ? interrupted(signal.reason) : toBatchError(error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    unsubscribe?.();
    // Else the source would be waited for until its requests under way have come back.
    ended.abort();
    await pages?.return?.().catch(() => {});
    await seen.close();
    await output.close();
  }
}
