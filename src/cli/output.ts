import { csvFile, gzipJsonLinesFile, jsonLinesFile, jsonLinesStream, type Sink } from '../batch/index.ts';
import { refuse } from '../core/internal.ts';
import type { Io } from './io.ts';

/** How files are written and read. */
export const FORMATS = ['jsonl', 'jsonl.gz', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

const EXTENSIONS: readonly (readonly [RegExp, Format])[] = [
  [/\.(jsonl|ndjson)\.gz$/i, 'jsonl.gz'],
  [/\.csv$/i, 'csv'],
];

/** What a file's name says of its format. */
export function formatOf(path: string): Format {
  return EXTENSIONS.find(([pattern]) => pattern.test(path))?.[1] ?? 'jsonl';
}

/** Where an export goes. */
export interface Output {
  /** A file, or `-` for standard output. */
  out: string;
  format?: Format | undefined;
  columns?: readonly string[] | undefined;
}

/** Makes the sink of an export. @throws ConfigurationError when its flags do not go together. */
export function sinkFor(
  { stdout }: Pick<Io, 'stdout'>,
  { out, format = formatOf(out), columns }: Output,
): Sink {
  const toFile = out !== '-';
  refuse('--out', [
    out === '' && 'name a file, or - for standard output',
    columns !== undefined && format !== 'csv' && `--columns goes with csv, not with ${format}`,
    !toFile && format !== 'jsonl' && `standard output is jsonl; ${format} needs a file`,
  ]);
  if (!toFile) return jsonLinesStream(stdout);
  if (format === 'csv') return csvFile(out, { columns });
  return format === 'jsonl' ? jsonLinesFile(out) : gzipJsonLinesFile(out);
}
