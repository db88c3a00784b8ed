import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** A file of JSON Lines that is being written. */
export interface JsonLinesWriter {
  /** Writes records, one a line, and waits while the disk is slower than they come. */
  write(records: readonly unknown[]): Promise<void>;
  /** Settles when everything is in the file. */
  close(): Promise<void>;
}

/** Begins a JSON Lines file anew. What the disk has to say rejects the next call. */
export function createJsonLinesWriter(path: string): JsonLinesWriter {
  const file = createWriteStream(path);
  const done = finished(file);
  // Told to whoever writes or closes next, not to nobody.
  done.catch(() => {});
  return {
    async write(records) {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      if (file.write(lines)) return;
      await Promise.race([once(file, 'drain'), done]);
    },
    async close() {
      file.end();
      await done;
    },
  };
}
