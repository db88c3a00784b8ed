import { readFile } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { type AppendFile, openAppendFile } from '../files/append-file.ts';
import { fileError } from '../files/file-error.ts';
import { applyEntry, type Entry, type ImportState } from './state.ts';

/** The file of the events since the checkpoint: one numbered entry per line. */
export interface Journal {
  /** Number of entries since the journal was last empty. */
  readonly entries: number;
  /** Length in bytes. */
  readonly length: number;
  append(number: number, entry: Entry): Promise<void>;
  sync(): Promise<void>;
  /** Empties the journal, once a checkpoint includes all entries. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the journal of an import and applies its entries to the state of the checkpoint. Drops an entry that a crash cut off,
 * because the action that it announces had not begun.
 *
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export async function openJournal(path: string, state: ImportState): Promise<Journal> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && state.completeAt !== null) return '';
    throw error.code === 'ENOENT' ? damaged(path, 'the file is missing') : fileError(path, error);
  });
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) applyLine(path, state, line, index + 1);
  let file: AppendFile = await openAppendFile(path, Buffer.byteLength(text) - Buffer.byteLength(rest));
  let entries = lines.length;
  return {
    get entries() {
      return entries;
    },
    get length() {
      return file.length;
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

function applyLine(path: string, state: ImportState, line: string, lineNumber: number): void {
  let entry: Entry & { number: number };
  try {
    entry = JSON.parse(line);
  } catch {
    throw damaged(path, `line ${lineNumber} is not valid JSON`);
  }
  // A crash after writing the checkpoint and before emptying the journal leaves entries that the state includes.
  if (entry.number <= state.entry) return;
  if (entry.number !== state.entry + 1) throw damaged(path, `entry ${state.entry + 1} is missing`);
  applyEntry(state, entry);
}

function damaged(path: string, why: string): BatchError {
  return new BatchError(
    `the journal ${path} cannot be used: ${why}. It records what was already sent: restore it from a backup. ` +
      'Set restart (--restart) to start over, which sends everything again.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
