import type { CsvOptions, Sink } from '../batch/index.ts';
import { fileSink, type OutputFormat, parseExact } from '../batch/internal.ts';
import { type Line, rawLinesFile } from './lines.ts';

/** Returns a sink for lines of JSON text. Lines are parsed only for formats other than JSON Lines. */
export function mergedSink(path: string, format: OutputFormat, csv: CsvOptions): Sink<Line> {
  if (format === 'jsonl') return rawLinesFile(path);
  const sink = fileSink(path, format, csv);
  return {
    ...sink,
    async open(position, signal) {
      const output = await sink.open(position, signal);
      return { ...output, write: (lines) => output.write(lines.map((line) => parseExact(line))) };
    },
  };
}
