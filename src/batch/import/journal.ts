import { readFile } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { type AppendFile, openAppendFile } from '../files/append-file.ts';
import { fileError } from '../files/file-error.ts';
import { applyEntry, type Entry, type ImportState } from './state.ts';

/** The file of what happened since the checkpoint: one entry a line, each with its number. */
export interface Journal {
  /** Entries that were added since it was last empty. */
  readonly entries: number;
  append(number: number, entry: Entry): Promise<void>;
  sync(): Promise<void>;
  /** Empties it, once a checkpoint holds all of it. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the journal of an import and brings the state of its checkpoint up to date. An entry that a crash cut off is dropped:
 * what it was to say had not begun yet.
 *
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export async function openJournal(path: string, state: ImportState): Promise<Journal> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && state.completeAt !== null) return '';
    throw error.code === 'ENOENT' ? damaged(path, 'it is gone') : fileError(path, error);
  });
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) replay(path, state, line, index + 1);
  let file: AppendFile = await openAppendFile(path, Buffer.byteLength(text) - Buffer.byteLength(rest));
  let entries = lines.length;
  return {
    get entries() {
      return entries;
    },
    async append(number, entry) {
      await file.append(`${JSON.stringify({ number, ...entry })}\n`);
      entries++;
    },
    sync: () => file.sync(),
    async clear() {
      await file.close();
      file = await openAppendFile(path, 0);
      entries = 0;
    },
    close: () => file.close(),
  };
}

function replay(path: string, state: ImportState, line: string, lineNumber: number): void {
  let entry: Entry & { number: number };
  try {
    entry = JSON.parse(line);
  } catch {
    throw damaged(path, `its line ${lineNumber} is no JSON`);
  }
  // The checkpoint was written, and the crash came before the journal was emptied.
  if (entry.number <= state.entry) return;
  if (entry.number !== state.entry + 1) throw damaged(path, `entry ${state.entry + 1} is missing`);
  applyEntry(state, entry);
}

function damaged(path: string, why: string): BatchError {
  return new BatchError(
    `the journal ${path} cannot be used: ${why}. It says what was sent already: put it back from a backup. ` +
      'To begin anew (restart) sends everything again.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
