import { stat } from 'node:fs/promises';
import { systemClock } from '../../core/internal.ts';
import { loadCheckpoint, type Subject, saveCheckpoint } from '../checkpoint.ts';
import { openAppendFile } from '../files/append-file.ts';
import { lockOutput } from '../files/output-lock.ts';
import { refuseExisting, setAside } from '../files/set-aside.ts';
import { toProgress } from '../progress.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { sizeOfInput } from './input.ts';
import { openLedger } from './ledger.ts';
import {
  checkImportOptions,
  type ImportOptions,
  type ImportPaths,
  type ImportProgress,
  importPaths,
} from './options.ts';
import { inputChanged, openPrefixDigest } from './prefix-digest.ts';
import { runImport } from './run.ts';
import { type ImportState, startState } from './state.ts';

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
  const { input, target, api, clock = systemClock, signal, restart = false } = own;
  if (signal?.aborted) throw interrupted(signal.reason);
  const paths = importPaths(own);
  const subject: Subject = {
    target: target.name,
    query: target.query,
    input: input.format,
    account: own.account ?? api.defaults.baseURL ?? '',
  };
  const size = await sizeOfInput(input.path);
  await input.check?.();
  const lock = await lockOutput(`${paths.checkpoint}.lock`, clock, signal);
  const save = async (state: ImportState) => {
    await lock.verify();
    await saveCheckpoint(paths.checkpoint, subject, state);
  };
  try {
    if (restart) await setAside(Object.values(paths));
    const state = (await load(paths, subject)) ?? (await start(paths, save));
    const resumed = state.entry > 0;
    if (state.completeAt === size && (await isUnchanged(input.path, state))) {
      return summary(paths, finalProgress(state), { resumed: true, alreadyComplete: true });
    }
    if (state.completeAt !== null) await resetRemovedLists(paths, state);
    const ledger = await openLedger(paths, state, save);
    try {
      const wasBegun = resumed || ledger.state.entry > 0;
      const progress = await runImport(own, ledger, lock.verify);
      return summary(paths, progress, { resumed: wasBegun, alreadyComplete: false });
    } finally {
      await ledger.close();
    }
  } catch (error) {
    throw toBatchError(error);
  } finally {
    await lock.release();
  }
}

async function load(paths: ImportPaths, subject: Subject): Promise<ImportState | undefined> {
  const journal = await stat(paths.journal).catch(() => undefined);
  const isStart = ({ entry }: ImportState) => entry === 0 && !journal?.size;
  return loadCheckpoint(paths.checkpoint, subject, isStart);
}

/** Creates the journal before the checkpoint, so that a missing journal later means that somebody removed it. */
async function start(paths: ImportPaths, save: (state: ImportState) => Promise<void>): Promise<ImportState> {
  for (const path of [paths.journal, paths.rejects, paths.unresolved]) await refuseExisting(path);
  const journal = await openAppendFile(paths.journal, 0);
  await journal.close();
  const state = startState();
  await save(state);
  return state;
}

async function isUnchanged(path: string, { begun }: ImportState): Promise<boolean> {
  const digest = await openPrefixDigest(path);
  try {
    const same = begun.offset === 0 || (await digest.upTo(begun.offset)) === begun.digest;
    if (!same) throw inputChanged(path, `its first ${begun.offset} bytes differ`);
    return true;
  } finally {
    await digest.close();
  }
}

/** The user may move the rejects of a complete import to fix them; the rejects of appended lines then need a new file. */
async function resetRemovedLists(paths: ImportPaths, state: ImportState): Promise<void> {
  const isGone = (path: string) =>
    stat(path).then(
      () => false,
      () => true,
    );
  if (await isGone(paths.rejects)) state.rejectsLength = 0;
  if (await isGone(paths.unresolved)) state.unresolvedLength = 0;
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

function summary(
  paths: ImportPaths,
  progress: ImportProgress,
  how: Pick<ImportSummary, 'resumed' | 'alreadyComplete'>,
): ImportSummary {
  return {
    ...progress,
    status: 'complete',
    ...how,
    warnings: [],
    rejects: progress.rejected > 0 ? paths.rejects : undefined,
    unresolvedRecords: progress.unresolved > 0 ? paths.unresolved : undefined,
  };
}
