import { type CsvOptions, csvFile, gzipJsonLinesFile, type Sink } from '../batch/index.ts';
import { type Line, rawLinesFile } from './lines.ts';

/** How a merged output can be written. */
export type OutputFormat = 'jsonl' | 'jsonl.gz' | 'csv';

export const FORMATS: readonly OutputFormat[] = ['jsonl', 'jsonl.gz', 'csv'];

/** What a file's name says of its format. */
export function formatOf(output: string): OutputFormat {
  if (/\.gz$/i.test(output)) return 'jsonl.gz';
  return /\.csv$/i.test(output) ? 'csv' : 'jsonl';
}

/** A sink for lines that are JSON already. They are parsed only where the format is another. */
export function mergedSink(path: string, format: OutputFormat, csv: CsvOptions): Sink<Line> {
  if (format === 'jsonl') return rawLinesFile(path);
  const sink = format === 'csv' ? csvFile(path, csv) : gzipJsonLinesFile(path);
  return {
    ...sink,
    async open(position, signal) {
      const output = await sink.open(position, signal);
      return { ...output, write: (lines) => output.write(lines.map((line): unknown => JSON.parse(line))) };
    },
  };
}
