import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { monotonicOf, systemClock } from '../../core/internal.ts';
import type { JournalStore } from '../checkpoint-store.ts';
import type { Progress, Waiting } from '../progress.ts';
import { createRequests, type SharedRequests } from '../requests.ts';
import { RUN_DEFAULTS } from '../run-options.ts';
import type { Page } from '../sources/source.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { UnexpectedAnswer } from '../unexpected-answer.ts';
import { startMeter } from './meter.ts';
import { EXPORT_DEFAULTS, type ExportOptions } from './options.ts';
import { openSeen } from './seen.ts';
import { type ExportState, warningsOf, withoutJournal } from './state.ts';
import { openTransactions } from './transactions.ts';

/** The result of a run that has written every page. */
export interface ExportResult extends Progress {
  readonly stated: number | undefined;
  readonly missing: number;
  readonly outside: number;
  readonly warnings: readonly string[];
}

/**
 * Writes page after page until the source ends.
 *
 * @param saved the state to start from.
 * @param journal the file or store for the digests of ids and pages; undefined uses memory only.
 * @param checkpoint saves a state. The output up to its position is on the disk already.
 * @param shared what the exports of a run share.
 */
export async function runExport<Item>(
  options: ExportOptions<Item>,
  saved: ExportState,
  journal: string | JournalStore | undefined,
  checkpoint: (state: ExportState) => Promise<void>,
  shared?: SharedRequests,
): Promise<ExportResult> {
  const { api, source, sink, rate, signal, tokens, onProgress } = options;
  const { clock = systemClock, random = Math.random } = options;
  const { timeout = RUN_DEFAULTS.timeout, maxOutage = RUN_DEFAULTS.maxOutage } = options;
  const { readAhead = EXPORT_DEFAULTS.readAhead } = options;
  const { checkpointInterval = EXPORT_DEFAULTS.checkpointInterval } = options;

  const output = await sink.open(saved.position, signal);
  const seen = await openSeen<Item>(journal, saved.journal, source.identify?.bind(source)).catch(
    async (error: unknown) => {
      await output.close();
      throw error;
    },
  );
  const state = journal === undefined ? withoutJournal(saved) : saved;
  const transactions = openTransactions({ source, state, output, seen, checkpoint });

  const ended = new AbortController();
  const now = monotonicOf(clock);
  let savedAt = now();
  let waiting: Waiting | undefined;
  const onWaiting = (next: Waiting | undefined) => {
    waiting = next;
    report().catch((error: unknown) => ended.abort(error));
  };
  const requests = createRequests({
    api,
    rate,
    shared,
    timeout,
    maxOutage,
    onWaiting,
    signal: ended.signal,
    clock,
    random,
  });
  const meter = startMeter(requests, tokens, saved.records, now);

  async function report(): Promise<void> {
    await onProgress?.(meter.progress(transactions.state, waiting));
  }

  async function write(page: Page<Item>): Promise<void> {
    await transactions.write(page);
    const isDue = page.save || now() - savedAt >= checkpointInterval;
    if (isDue && (await transactions.save())) savedAt = now();
    await report();
  }

  // Pending requests end immediately, and the next run sends them again.
  const onAbort = () => ended.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  const context = {
    from: saved.cursor,
    readAhead,
    signal: ended.signal,
    clock,
    random,
    request: requests.send,
  };
  let pages: AsyncIterator<Page<Item>> | undefined;
  try {
    pages = source.read(context)[Symbol.asyncIterator]();
    for (;;) {
      if (signal?.aborted) throw signal.reason;
      const { done, value } = await pages.next();
      if (done) break;
      // Let the source send its next request before this page uses the processor.
      await setImmediate();
      await write(value);
    }
    await transactions.finish();
    if (typeof journal === 'string') await rm(journal, { force: true });
    const { state } = transactions;
    const { stated, missing, outside = 0 } = state;
    return { ...meter.progress(state), stated, missing, outside, warnings: warningsOf(state) };
  } catch (error) {
    // Save, so that the next run does not read the pages since the last checkpoint again.
    await transactions.save().catch(() => {});
    if (signal?.aborted) throw interrupted(signal.reason);
    const { cursor, records } = transactions.state;
    // A request that an exception of onProgress has aborted hides the exception.
    const failure = toBatchError(ended.signal.aborted ? ended.signal.reason : error, cursor !== undefined);
    throw failure instanceof UnexpectedAnswer && records === 0 ? failure.beforeFirstRecord() : failure;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    meter.stop();
    // Abort, or closing the source would wait for its pending requests.
    ended.abort();
    await pages?.return?.().catch(() => {});
    await seen.close();
    await output.close();
  }
}
