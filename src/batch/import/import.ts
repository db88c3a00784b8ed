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

/** What an import did. */
export interface ImportSummary extends ImportProgress {
  /** Every record of the input is settled: accepted, rejected or unresolved. */
  readonly status: 'complete';
  /** It went on from a checkpoint. */
  readonly resumed: boolean;
  /** It was complete before, and nothing was sent. */
  readonly alreadyComplete: boolean;
  /** The rejects file, where there is anything in it. */
  readonly rejects?: string | undefined;
  /** The unresolved file, where there is anything in it. */
  readonly unresolvedRecords?: string | undefined;
}

/**
 * Imports every record of an input. It goes on from where the last run of the same import was when it ended, however it
 * ended; lines that were added to the input since are imported as well.
 *
 * A record with an id is sent at least once, with the effect of once. A record without is carried out at most once: when it is not
 * known whether it was, the target's `check` decides, or it goes to the unresolved file. What the API refused goes to the rejects
 * file with the reason. No record is dropped: each is accepted, rejected or unresolved in the end.
 *
 * With `concurrency: 1` requests are sent in the order of the input; what is sent again comes later.
 *
 * @returns what was done; only when every record is settled.
 * @throws BatchError when it ends before that: see its `code` and `resumable`. ConfigurationError that lists everything wrong with
 * the options.
 * @example
 * await importRecords({
 *   api,
 *   input: csvInput('contacts.csv'),
 *   target: genesysContactList({ listId, idField: 'customerId' }),
 * });
 */
export async function importRecords(options: ImportOptions): Promise<ImportSummary> {
  checkImportOptions(options);
  const { input, target, api, clock = systemClock, signal, restart = false } = options;
  if (signal?.aborted) throw interrupted(signal.reason);
  const paths = importPaths(options);
  const subject: Subject = {
    target: target.name,
    query: target.query,
    input: input.format,
    account: options.account ?? api.defaults.baseURL ?? '',
  };
  const size = await sizeOfInput(input.path);
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
      return summary(paths, nothingMore(state), { resumed: true, alreadyComplete: true });
    }
    if (state.completeAt !== null) await forgetTaken(paths, state);
    const ledger = await openLedger(paths, state, save);
    try {
      const wasBegun = resumed || ledger.state.entry > 0;
      const progress = await runImport(options, ledger, lock.verify);
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

/** The journal comes first: that it is gone later must mean that somebody removed it. */
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

/** After the end of an import its rejects may be taken away to be mended: those of lines added since begin anew. */
async function forgetTaken(paths: ImportPaths, state: ImportState): Promise<void> {
  const isGone = (path: string) =>
    stat(path).then(
      () => false,
      () => true,
    );
  if (await isGone(paths.rejects)) state.rejectsLength = 0;
  if (await isGone(paths.unresolved)) state.unresolvedLength = 0;
}

function nothingMore({ accepted, rejected, unresolved, batches }: ImportState): ImportProgress {
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
    rejects: progress.rejected > 0 ? paths.rejects : undefined,
    unresolvedRecords: progress.unresolved > 0 ? paths.unresolved : undefined,
  };
}
