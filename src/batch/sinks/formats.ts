import { basename, extname } from 'node:path';
import type { Writable } from 'node:stream';
import { csvFile, csvStream, gzipCsvFile, gzipCsvStream } from './csv.ts';
import type { CsvOptions } from './csv-options.ts';
import { gzipJsonLinesFile, gzipJsonLinesStream, jsonLinesFile, jsonLinesStream } from './json-lines.ts';
import type { Sink } from './sink.ts';

const SINKS = {
  jsonl: { file: jsonLinesFile, stream: jsonLinesStream },
  'jsonl.gz': {
    file: (path) => gzipJsonLinesFile(path),
    stream: (stream) => gzipJsonLinesStream(stream),
  },
  csv: { file: csvFile, stream: csvStream },
  'csv.gz': { file: gzipCsvFile, stream: gzipCsvStream },
} satisfies Record<string, Sinks>;

/** The sinks of a format. CSV options apply to CSV only. */
interface Sinks {
  file(path: string, csv: CsvOptions): Sink;
  stream(stream: Writable, csv: CsvOptions): Sink;
}

/** Format of an output file. */
export type OutputFormat = keyof typeof SINKS;

export const OUTPUT_FORMATS = Object.keys(SINKS) as readonly OutputFormat[];

const ENDINGS: ReadonlyMap<string, 'jsonl' | 'csv'> = new Map([
  ['', 'jsonl'],
  ['.jsonl', 'jsonl'],
  ['.json', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
]);

/**
 * Returns the format that the ending of a file's name stands for, in upper or lower case; undefined for an unknown ending. A file
 * without an ending is JSON Lines. `.gz` after a known ending, or alone, compresses the file.
 *
 * An ending is the last dot of the name and one to eight letters or digits after it, the first of them a letter. Therefore
 * `conversations.2026-01-01` and `.hidden` have no ending.
 */
export function formatOf(path: string): OutputFormat | undefined {
  const [ending, gz] = endingOf(path);
  const format = ENDINGS.get(ending);
  return format && `${format}${gz}`;
}

/** Describes an unknown ending of a file's name. @param option that states the format explicitly. */
export function endingProblem(path: string, option: string): string | undefined {
  if (formatOf(path) !== undefined) return undefined;
  const known = [...ENDINGS.keys()].filter(Boolean);
  return (
    `the ending ${endingOf(path).join('')} of ${basename(path)} is not a known format. Use ${known.join(', ')} ` +
    `(and .gz after it for gzip), or set ${option} to one of ${OUTPUT_FORMATS.join(', ')}`
  );
}

export function isCsv(format: OutputFormat): boolean {
  return format.startsWith('csv');
}

export function isGzip(format: OutputFormat): boolean {
  return format.endsWith('.gz');
}

/** Returns the sink of a file. @param csv applies to CSV only. */
export function fileSink(path: string, format: OutputFormat, csv: CsvOptions): Sink {
  return SINKS[format].file(path, csv);
}

/** Returns the sink of a stream. @param csv applies to CSV only. */
export function streamSink(stream: Writable, format: OutputFormat, csv: CsvOptions): Sink {
  return SINKS[format].stream(stream, csv);
}

function endingOf(path: string): [ending: string, gz: '.gz' | ''] {
  const name = basename(path).toLowerCase();
  const isZipped = extname(name) === '.gz';
  const ending = extname(isZipped ? name.slice(0, -'.gz'.length) : name);
  return [/^\.[a-z][a-z0-9]{0,7}$/.test(ending) ? ending : '', isZipped ? '.gz' : ''];
}
