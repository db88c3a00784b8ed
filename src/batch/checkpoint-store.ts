import { readFile } from 'node:fs/promises';
import { replaceFile } from './files/durable-file.ts';
import { fileError } from './files/file-error.ts';

/**
 * Keeps the checkpoint of one export, elsewhere than in a file beside the output: for exports that another process, or
 * another host, goes on with.
 *
 * No lock is taken and no journal kept then. It is for the store to see to it that one run alone saves: `save` of a run
 * whose place was taken rejects with a BatchError `ERR_LOCKED`, and that ends the run. Records that come again are known by
 * their ids only as far as this run has read them itself.
 */
export interface CheckpointStore {
  /** For messages. */
  readonly name?: string | undefined;
  /** What was saved last; undefined when nothing was. */
  load(): Promise<string | undefined>;
  /** Settles when the text will be there after a crash. What it rejects with ends the run. */
  save(text: string): Promise<void>;
}

/** The store that is a file. It rejects with BatchErrors `ERR_OUTPUT`. */
export function checkpointFile(path: string): CheckpointStore {
  return {
    name: path,
    async load() {
      return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw fileError(path, error);
      });
    },
    save: (text) => replaceFile(path, text),
  };
}
