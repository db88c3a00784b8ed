import { readFile } from 'node:fs/promises';
import { replaceFile } from './files/durable-file.ts';
import { fileError } from './files/file-error.ts';

/**
 * Stores the checkpoint of one export outside the file system, so that another process or host can resume the export.
 *
 * With a store, an export uses no lock. The store must accept the saves of one run only: if another run has taken over, `save` must
 * reject with a BatchError `ERR_LOCKED`, which ends the run.
 */
export interface CheckpointStore {
  /** For messages. */
  readonly name?: string | undefined;
  /**
   * A file that only this run writes, for the ids of the records. It must contain what the run that saved the checkpoint had written to
   * its journal. Without it, repeated records are recognised only within the current run, and a resumed export has a warning.
   */
  readonly journal?: string | JournalStore | undefined;
  /** Returns the text that was saved last, if any. */
  load(): Promise<string | undefined>;
  /** Saves a text, and resolves when it would survive a crash. A rejection ends the run. */
  save(text: string): Promise<void>;
}

/** Stores a journal outside the file system. Calls never overlap. */
export interface JournalStore {
  /**
   * Returns the first `length` characters in pieces of any size, and removes the rest. Rejects with a BatchError `ERR_OUTPUT_SHORT` if
   * there are fewer.
   */
  open(length: number): Promise<AsyncIterable<string>>;
  /** Appends text in ASCII. The `save` of the checkpoint that follows must make the text durable. */
  append(text: string): Promise<void>;
}

/** A store in a file. It rejects with a BatchError `ERR_OUTPUT`. */
export function checkpointFile(path: string): CheckpointStore {
  return {
    name: path,
    async load() {
      return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw fileError(path, error);
      });
    },
    // The checkpoint contains the query, and cursors of the API.
    save: (text) => replaceFile(path, text, 0o600),
  };
}
