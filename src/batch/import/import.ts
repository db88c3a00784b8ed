import { systemClock } from '../../core/internal.ts';
import { type Subject, saveCheckpoint } from '../checkpoint.ts';
import { lockOutput } from '../files/output-lock.ts';
import { toProgress } from '../progress.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { type Feeding, openFeeding } from './feeding.ts';
import { type InputRecord, type RecordInput, sizeOfInput } from './input.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { hasOtherContent, openImport } from './open-import.ts';
import {
  checkImportOptions,
  type ImportOptions,
  type ImportPaths,
  type ImportProgress,
  importPaths,
} from './options.ts';
import { inputChanged } from './prefix-digest.ts';
import { runImport } from './run.ts';
import type { ImportState } from './state.ts';
import { inputWarnings, otherContent } from './warnings.ts';

/** The result of an import. */
export interface ImportSummary extends ImportProgress {
  /** Every record of the input is accepted, rejected or unresolved. */
  readonly status: 'complete';
  /** Whether the import resumed from a checkpoint. */
  readonly resumed: boolean;
  /** Whether the import was already complete, so that nothing was sent. */
  readonly alreadyComplete: boolean;
  /** What the caller should know, such as a last row that was not sent, in sentences without a full stop. */
  readonly warnings: readonly string[];
  /** The number of the line of a last row without a line end, which was not sent. */
  readonly unfinishedLine?: number | undefined;
  /** The rejects file, if it contains records. */
  readonly rejects?: string | undefined;
  /** The unresolved file, if it contains records. */
  readonly unresolvedRecords?: string | undefined;
}

/**
 * Imports every record of an input. Resumes where the last run of the same import ended, however it ended, and also imports lines
 * that were appended to the input since.
 *
 * A record with an id is sent at least once, and repeating it has no further effect. A record without an id is executed at most once:
 * if its outcome is unknown, the target's `check` decides, or the record goes to the unresolved file. A record that the API refuses
 * goes to the rejects file with the reason. No record is dropped: each ends as accepted, rejected or unresolved.
 *
 * With `concurrency: 1`, requests are sent in input order; repeated requests come later.
 *
 * @returns the summary, once every record is accepted, rejected or unresolved.
 * @throws BatchError if the import ends before that: see its `code` and `resumable`. ConfigurationError that lists every invalid option.
 * @example
 * await importRecords({
 *   api,
 *   input: csvInput('contacts.csv'),
 *   target: genesysContactList({ listId, idField: 'customerId' }),
 * });
 */
export async function importRecords(options: ImportOptions): Promise<ImportSummary> {
  const own = checkImportOptions(options);
  const { input, target, api, clock = systemClock, signal } = own;
  if (signal?.aborted) throw interrupted(signal.reason);
  const paths = importPaths(own);
  const subject: Subject = {
    target: target.name,
    query: target.query,
    input: input.format,
    account: own.account ?? api.defaults.baseURL ?? '',
  };
  await sizeOfInput(input.path);
  const lock = await lockOutput(`${paths.checkpoint}.lock`, clock, signal);
  const save = async (state: ImportState) => {
    await lock.verify();
    await saveCheckpoint(paths.checkpoint, subject, state);
  };
  let feeding: Feeding | undefined;
  try {
    feeding = await openFeeding(own, paths, subject, clock);
    const opened = await openImport(own, paths, subject, save, feeding);
    const { state, alreadyComplete, unfinished, isOther } = opened;
    const finish = (result: Omit<Result, 'isOther' | 'input' | 'state' | 'warnings'>) =>
      summary(paths, { ...result, isOther, input, state, warnings: feeding?.warnings() ?? [] });
    if (alreadyComplete) {
      return finish({ progress: finalProgress(state), resumed: true, alreadyComplete, unfinished });
    }
    const ledger = await openLedger(paths, state, save);
    try {
      const resumed = ledger.state.entry > 0;
      if (feeding) await beginFeeding(feeding, ledger, input.path);
      const ended = await runImport(own, ledger, lock.verify, feeding);
      return finish({ ...ended, resumed, alreadyComplete });
    } finally {
      await ledger.close();
    }
  } catch (error) {
    throw toBatchError(error);
  } finally {
    await feeding?.release();
    await lock.release();
  }
}

/** Sends a list from its start if its part that was read has changed. */
async function beginFeeding(feeding: Feeding, ledger: Ledger, path: string): Promise<void> {
  const hasChanged = await hasOtherContent(path, ledger.state);
  // Version 0.4 did not record which records of a list were accepted.
  if (hasChanged && ledger.state.id === undefined) throw inputChanged(path, 'an older version read it');
  feeding.check(hasChanged ? undefined : ledger.state);
  if (hasChanged) await ledger.startOver();
}

function finalProgress({ accepted, rejected, unresolved, batches }: ImportState): ImportProgress {
  const records = accepted + rejected + unresolved;
  const nothing = { requests: 0, retries: 0, replays: 0, refreshes: 0, elapsed: 0, repeated: 0 };
  const progress = toProgress({
    records,
    recordsBefore: records,
    pages: batches,
    total: records,
    ...nothing,
  });
  return { ...progress, accepted, rejected, unresolved };
}

interface Result extends Pick<ImportSummary, 'resumed' | 'alreadyComplete'> {
  readonly progress: ImportProgress;
  readonly input: RecordInput;
  readonly state: ImportState;
  /** The last record of the input, if it is not finished. */
  readonly unfinished: InputRecord | undefined;
  /** Whether an import of other content from a file of the same name was complete before. */
  readonly isOther: boolean;
  /** Warnings about a list. */
  readonly warnings: readonly string[];
}

function summary(paths: ImportPaths, result: Result): ImportSummary {
  const { progress, resumed, alreadyComplete, unfinished, isOther, input, state } = result;
  return {
    ...progress,
    status: 'complete',
    resumed,
    alreadyComplete,
    warnings: [
      ...result.warnings,
      ...(isOther ? [otherContent(input.path)] : []),
      ...inputWarnings(input.path, state.begun.record, unfinished),
    ],
    unfinishedLine: unfinished?.line,
    rejects: progress.rejected > 0 ? paths.rejects : undefined,
    unresolvedRecords: progress.unresolved > 0 ? paths.unresolved : undefined,
  };
}
