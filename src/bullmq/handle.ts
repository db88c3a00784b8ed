import { BatchError } from '../batch/index.ts';
import { linkSignals, sleep, systemClock, unlessAborted } from '../core/internal.ts';
import type { Flow } from './flow.ts';
import type { ExportKeys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import { type PartState, partState } from './part-state.ts';
import { isQueueError, isTurnedAway } from './queue-error.ts';
import { readFailure, readSummary, type WholeSummary } from './summary.ts';
import { type WholeProgress, wholeProgress } from './whole-progress.ts';

/** An export that was submitted. */
export interface ExportHandle {
  readonly name: string;
  /** What it was when it was submitted. */
  readonly state: 'new' | 'joined' | 'resumed' | 'complete';
  /**
   * Waits for its end. The export goes on whether or not anybody waits.
   *
   * @throws BatchError when a part or the merge has failed for good: the message says which and why; submitted again, the
   * export goes on from there. Of `ERR_REQUEST` and `ERR_OUTPUT` the `cause` has the `code`, and the `status` of an answer, that
   * the worker met. `ERR_INTERRUPTED` when the signal aborts, `ERR_QUEUE` when Redis has forgotten it.
   */
  finished(options?: FinishedOptions): Promise<WholeSummary>;
  /** Lets go of the connection. Whoever waits for the end waits no longer: `ERR_INTERRUPTED`. */
  close(): Promise<void>;
}

/** Options of `finished`. */
export interface FinishedOptions {
  /** Is told how far the whole is, once at the beginning and then after each `pollInterval`. */
  onProgress?: ((progress: WholeProgress) => void) | undefined;
  /** Ends the waiting, not the export. */
  signal?: AbortSignal | undefined;
  /** In milliseconds. @default 1000 */
  pollInterval?: number | undefined;
}

interface HandleOptions {
  ledger: Ledger;
  keys: ExportKeys;
  name: string;
  parts: number;
  state: ExportHandle['state'];
  flow: Flow;
  close: () => Promise<void>;
}

export function createHandle({ ledger, keys, name, parts, state, flow, close }: HandleOptions): ExportHandle {
  const closed = new AbortController();
  const partKeys = Array.from({ length: parts }, (_, part) => keys.part(part));

  async function statesOf(): Promise<PartState[]> {
    const texts = await ledger.checkpoints(partKeys);
    return texts.map((text, part) => partState(`part ${part} of ${name}`, text));
  }

  /** @returns the summary; the states of the parts as long as there is none. */
  async function look(): Promise<WholeSummary | PartState[]> {
    const { run, failure, summary } = await ledger.read();
    if (summary !== undefined) return readSummary(name, state === 'complete', summary);
    if (run === undefined) {
      throw new BatchError(
        `Redis does not know the export ${name} any more: it was removed, or Redis has lost its data. Submit it again.`,
        'ERR_QUEUE',
      );
    }
    const states = await statesOf();
    if (failure !== undefined) throw failed(failure, states);
    const reason = await flow.failure(run);
    // Its failure may have been noted between the two looks.
    const noted = reason === undefined ? undefined : (await ledger.read()).failure;
    if (noted !== undefined) throw failed(noted, states);
    if (reason !== undefined) {
      throw new BatchError(`${name} has failed: ${reason}. ${kept(states)}`, 'ERR_QUEUE');
    }
    return states;
  }

  function failed(text: string, states: readonly PartState[]): BatchError {
    const { part, code, message, resumable, cause } = readFailure(text);
    const which = part === undefined ? 'the merge' : `part ${part}`;
    return new BatchError(
      `${which} of ${name} has failed: ${message.replace(/[^.]$/, '$&.')} ${kept(states)}`,
      code,
      { resumable, cause },
    );
  }

  return {
    name,
    state,
    async close() {
      closed.abort(new Error('the handle was closed'));
      await close();
    },
    async finished({ onProgress, signal: callerSignal, pollInterval = 1000 } = {}) {
      const { signal, unlink } = linkSignals(closed.signal, ...(callerSignal ? [callerSignal] : []));
      const began = systemClock.now();
      let before: number | undefined;
      try {
        for (;;) {
          const found = await unlessAborted(signal, look()).catch((error: unknown) => {
            if (signal.aborted) throw waitAborted(name, signal.reason);
            // A Redis that is away comes back, and what it was told is there again.
            if (isQueueError(error) && !isTurnedAway(error)) return undefined;
            throw error;
          });
          if (found && !Array.isArray(found)) return found as WholeSummary;
          if (found) {
            const progress = wholeProgress(found as PartState[], systemClock.now() - began, before);
            before ??= progress.records;
            onProgress?.(progress);
          }
          await sleep(systemClock, pollInterval, signal).catch((reason: unknown) => {
            throw waitAborted(name, reason);
          });
        }
      } finally {
        unlink();
      }
    },
  };
}

function kept(states: readonly PartState[]): string {
  const complete = states.filter((state) => state.complete).length;
  const records = states.reduce((sum, state) => sum + state.records, 0);
  return (
    `${complete} of ${states.length} parts are complete and ${records} records are kept: once the reason is gone, submit ` +
    'the same again to go on from there.'
  );
}

function waitAborted(name: string, reason: unknown): BatchError {
  return new BatchError(
    `stopped waiting for ${name}: its workers go on. Submit the same again to wait for it.`,
    'ERR_INTERRUPTED',
    { cause: reason },
  );
}
