import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { type Day, gzipJsonLinesFile, jsonLinesFile, type Sink } from '../../src/batch/index.ts';
import type { JsonObject } from '../../src/batch/internal.ts';
import { postgresOutput } from './nights-postgres.ts';

/** A record of an output, and the day of which it is a record. */
export interface StoredRecord {
  readonly id: string;
  readonly date: string;
  /** The result of `textOf` for an equal record. */
  readonly text: string;
}

/** Where the nights export to. */
export interface NightsOutput {
  sink(location: string, day: Day): Sink<object>;
  /** Reads all records of complete days, or of one day. */
  read(location: string, timeZone: string, date?: string): AsyncIterable<StoredRecord>;
  /** Returns a text that is equal for equal records. */
  textOf(record: JsonObject): string;
}

const fileOutput = (ending: string, sink: (path: string) => Sink<object>): NightsOutput => ({
  sink: (directory, { date }) => sink(join(directory, `${date}.${ending}`)),
  textOf: (record) => JSON.stringify(record),
  async *read(directory, _, only) {
    for (const name of (await readdir(directory)).sort()) {
      const date = name.slice(0, 10);
      if (!name.endsWith(`.${ending}`) || (only !== undefined && date !== only)) continue;
      const file = createReadStream(join(directory, name));
      const input = ending.endsWith('.gz') ? file.pipe(createGunzip()) : file;
      for await (const text of createInterface({ input }))
        yield { id: JSON.parse(text).conversationId, date, text };
    }
  },
});

export const OUTPUTS = {
  jsonl: fileOutput('jsonl', jsonLinesFile),
  gzip: fileOutput('jsonl.gz', gzipJsonLinesFile),
  postgres: postgresOutput(),
  'postgres-segments': postgresOutput('segments'),
} satisfies Record<string, NightsOutput>;

export type OutputName = keyof typeof OUTPUTS;
