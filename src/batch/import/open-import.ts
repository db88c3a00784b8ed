import { stat } from 'node:fs/promises';
import { loadCheckpoint, type Subject } from '../checkpoint.ts';
import { openAppendFile } from '../files/append-file.ts';
import { refuseExisting, setAside } from '../files/set-aside.ts';
import type { Feeding } from './feeding.ts';
import { type InputRecord, readOn } from './input.ts';
import type { ImportOptions, ImportPaths } from './options.ts';
import { openPrefixDigest } from './prefix-digest.ts';
import { preflight } from './preflight.ts';
import { type ImportState, startState } from './state.ts';

/** An import that can begin, or that is already complete. */
interface OpenedImport {
  readonly state: ImportState;
  /** Whether the import is complete, and nothing more can be read. */
  readonly alreadyComplete: boolean;
  /** The last record of an import that is already complete, if the record is not finished. */
  readonly unfinished?: InputRecord | undefined;
  /** Whether an import of other content from a file of the same name was complete before. */
  readonly isOther: boolean;
}

/**
 * Decides whether an import begins, resumes, continues with appended records, or is already complete. Nothing is created or renamed
 * if the input cannot be imported.
 *
 * @param save writes the checkpoint.
 * @param feeding set if the input is a list.
 */
export async function openImport(
  { input, target, restart = false }: ImportOptions,
  paths: ImportPaths,
  subject: Subject,
  save: (state: ImportState) => Promise<void>,
  feeding: Feeding | undefined,
): Promise<OpenedImport> {
  const saved = restart ? undefined : await load(paths, subject);
  const isComplete = saved !== undefined && !saved.hasJournal && saved.state.completeAt !== null;
  const hasChanged = isComplete && (await hasOtherContent(input.path, saved.state));
  // The user corrects a list in place.
  const isOther = hasChanged && !feeding;
  const isNew = !saved || isOther;
  if (isNew || (!saved.hasJournal && saved.state.begun.record === 0)) await preflight(input, target);
  if (restart || isOther) await setAside([...Object.values(paths), ...(feeding?.logs ?? [])]);
  if (isNew) return { state: await start(paths, save), alreadyComplete: false, isOther };
  const { state } = saved;
  if (!isComplete || hasChanged) return { state, alreadyComplete: false, isOther };
  const next = await readOn(input, state.begun);
  if (!next || next.unfinished) return { state, alreadyComplete: true, unfinished: next, isOther };
  return { state, alreadyComplete: false, isOther };
}

interface SavedImport {
  /** The state of the checkpoint. */
  readonly state: ImportState;
  /** Whether the journal can have entries that the state does not include. */
  readonly hasJournal: boolean;
}

async function load(paths: ImportPaths, subject: Subject): Promise<SavedImport | undefined> {
  const journal = await stat(paths.journal).catch(() => undefined);
  const hasJournal = Boolean(journal?.size);
  const isStart = ({ entry }: ImportState) => entry === 0 && !hasJournal;
  const state = await loadCheckpoint(paths.checkpoint, subject, isStart, withoutLengths);
  return state && { state, hasJournal };
}

/** Drops the lengths of the lists, which version 0.4 saved: that version would cut a list to its length. */
function withoutLengths(saved: ImportState): ImportState {
  const { rejectsLength, unresolvedLength, ...state } = saved as ImportState & Record<string, unknown>;
  return state;
}

/** Returns whether the part of the input that was read has changed. */
export async function hasOtherContent(path: string, { begun }: ImportState): Promise<boolean> {
  const digest = await openPrefixDigest(path);
  try {
    return (await digest.differenceFrom(begun)) !== undefined;
  } finally {
    await digest.close();
  }
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
