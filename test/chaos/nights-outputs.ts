import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { type Day, gzipJsonLinesFile, jsonLinesFile, type Sink } from '../../src/batch/index.ts';

/** A record of an output, and the day of which it is a record. */
export interface StoredRecord {
  readonly date: string;
  readonly json: string;
}

/** Where the nights export to. */
export interface NightsOutput {
  sink(location: string, day: Day): Sink<object>;
  /** Reads all records of complete days. */
  read(location: string): AsyncIterable<StoredRecord>;
}

const fileOutput = (ending: string, sink: (path: string) => Sink<object>): NightsOutput => ({
  sink: (directory, { date }) => sink(join(directory, `${date}.${ending}`)),
  async *read(directory) {
    for (const name of (await readdir(directory)).sort()) {
      if (!name.endsWith(`.${ending}`)) continue;
      const file = createReadStream(join(directory, name));
      const input = ending.endsWith('.gz') ? file.pipe(createGunzip()) : file;
      for await (const json of createInterface({ input })) yield { date: name.slice(0, 10), json };
    }
  },
});

export const OUTPUTS = {
  jsonl: fileOutput('jsonl', jsonLinesFile),
  gzip: fileOutput('jsonl.gz', gzipJsonLinesFile),
} satisfies Record<string, NightsOutput>;

export type OutputName = keyof typeof OUTPUTS;
