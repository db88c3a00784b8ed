import { BatchError } from '../batch/index.ts';
import {
  linkSignals,
  monotonicOf,
  type OptionTable,
  readOptions,
  refuse,
  sleep,
  systemClock,
  unlessAborted,
} from '../core/internal.ts';
import type { Attendance } from './attendance.ts';
import type { Flow } from './flow.ts';
import type { ExportKeys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import { type PartState, readStates } from './part-state.ts';
import { isAccessDenied, isQueueError } from './queue-error.ts';
import { readFailure, readSummary, type WholeSummary } from './summary.ts';
import { type WholeProgress, wholeProgress } from './whole-progress.ts';

/** Handle of a submitted export. */
export interface ExportHandle {
  readonly name: string;
  /** State of the export when it was submitted. */
  readonly state: 'new' | 'joined' | 'resumed' | 'complete';
  /** Whether a live worker processes the export, as `finished` has found last; undefined before `finished` knows. */
  readonly isAttended: boolean | undefined;
  /**
   * Waits until the export ends. The export continues even if nobody waits.
   *
   * @throws BatchError if a part or the merge has failed permanently; the message names the part and the reason. Submit the export
   * again to resume it. The `cause` of `ERR_REQUEST` and `ERR_OUTPUT` has the `code` of the worker's error, and the `status` of the
   * response if there was one. `ERR_INTERRUPTED` if the signal aborts. `ERR_QUEUE` if Redis no longer has the export.
   */
  finished(options?: FinishedOptions): Promise<WholeSummary>;
  /** Closes the connection. Pending calls of `finished` reject with `ERR_INTERRUPTED`. */
  close(): Promise<void>;
}

/** Options of {@link ExportHandle.finished}. */
export interface FinishedOptions {
  /** Receives the progress of the export, first immediately and then after each `pollInterval`. */
  onProgress?: ((progress: WholeProgress) => void) | undefined;
  /**
   * Receives a warning if no worker processes the export for some seconds: the queue has no workers or only workers of other accounts or older
   * versions, or the queue or all workers are paused. Once for each reason, and again if workers had processed the export since.
   */
  onWarning?: ((warning: string) => void) | undefined;
  /** Stops waiting. The export continues. */
  signal?: AbortSignal | undefined;
  /** Milliseconds between two polls of the export. @default 1000 */
  pollInterval?: number | undefined;
}

const FINISHED_OPTIONS: OptionTable<FinishedOptions> = {
  onProgress: 'function',
  onWarning: 'function',
  signal: 'object',
  pollInterval: 'number',
};

interface HandleOptions {
  ledger: Ledger;
  keys: ExportKeys;
  name: string;
  parts: number;
  state: ExportHandle['state'];
  flow: Flow;
  attendance: Attendance;
  close: () => Promise<void>;
}

export function createHandle(options: HandleOptions): ExportHandle {
  const { ledger, keys, name, parts, state, flow, attendance, close } = options;
  const closed = new AbortController();

  /** Returns the summary of a complete export, or the states of the parts. */
  async function poll(onWarning: (warning: string) => void): Promise<WholeSummary | PartState[]> {
    const notes = await ledger.read();
    const { run, failure, summary } = notes;
    if (summary !== undefined) return readSummary(name, state === 'complete', summary);
    if (run === undefined) {
      throw new BatchError(
        `Redis no longer has the export ${name}: it was removed, or Redis has lost data. Submit the export again.`,
        'ERR_QUEUE',
      );
    }
    const states = await readStates({ name, keys, ledger }, parts);
    if (failure !== undefined) throw failed(failure, states);
    const reason = await flow.failure(run);
    // A worker may have noted the failure between the two reads.
    const noted = reason === undefined ? undefined : (await ledger.read()).failure;
    if (noted !== undefined) throw failed(noted, states);
    if (reason !== undefined) {
      throw new BatchError(`${name} has failed: ${reason}. ${advice(states, true)}`, 'ERR_QUEUE');
    }
    // After the failure, which says more.
    await attendance.check(notes, onWarning);
    return states;
  }

  function failed(text: string, states: readonly PartState[]): BatchError {
    const { cancelled, part, code, message, resumable, permanent, tolerance, cause } = readFailure(text);
    if (cancelled) {
      return new BatchError(
        `the export ${name} was cancelled. ${keptRecords(states)} Submit the same export again to resume it.`,
        code,
      );
    }
    const which = part === undefined ? 'the merge' : `part ${part}`;
    return new BatchError(
      `${which} of ${name} has failed: ${message.replace(/[^.]$/, '$&.')} ${advice(states, resumable)}`,
      code,
      { resumable, permanent, tolerance, cause },
    );
  }

  return {
    name,
    state,
    get isAttended() {
      return attendance.isAttended;
    },
    async close() {
      closed.abort(new Error('the handle was closed'));
      await close();
    },
    async finished(options) {
      const [own, problems] = readOptions(options, FINISHED_OPTIONS);
      refuse('finished', problems);
      const { onProgress, onWarning = () => {}, signal: callerSignal, pollInterval = 1000 } = own;
      const { signal, unlink } = linkSignals(closed.signal, ...(callerSignal ? [callerSignal] : []));
      const now = monotonicOf(systemClock);
      const startedAt = now();
      let before: number | undefined;
      try {
        for (;;) {
          const found = await unlessAborted(signal, poll(onWarning)).catch((error: unknown) => {
            if (signal.aborted) throw waitAborted(name, attendance, signal.reason);
            // An unreachable Redis may come back with the export.
            if (isQueueError(error) && !isAccessDenied(error)) return undefined;
            throw error;
          });
          if (found && !Array.isArray(found)) return found as WholeSummary;
          if (found) {
            const progress = wholeProgress(found as PartState[], now() - startedAt, before);
            before ??= progress.records;
            onProgress?.(progress);
          }
          await sleep(systemClock, pollInterval, signal).catch((reason: unknown) => {
            throw waitAborted(name, attendance, reason);
          });
        }
      } finally {
        unlink();
      }
    },
  };
}

function advice(states: readonly PartState[], isResumable: boolean): string {
  return (
    `${keptRecords(states)} Fix the cause, then submit the same ` +
    `export again to resume${isResumable ? '' : ', or remove the export (removeExport) and submit it with other options'}.`
  );
}

function keptRecords(states: readonly PartState[]): string {
  const complete = states.filter((state) => state.complete).length;
  const records = states.reduce((sum, state) => sum + state.records, 0);
  return `${complete} of ${states.length} parts are complete and ${records} records are kept.`;
}

function waitAborted(name: string, { isAttended }: Attendance, reason: unknown): BatchError {
  const state =
    isAttended === false
      ? 'No worker processes the export now. It stays in the queue.'
      : `Its workers continue${isAttended ? '' : ', if the queue has any'}.`;
  return new BatchError(
    `stopped waiting for ${name}. ${state} Submit the same export again to wait for it.`,
    'ERR_INTERRUPTED',
    { cause: reason },
  );
}
