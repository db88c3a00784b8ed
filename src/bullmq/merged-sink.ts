import type { CsvOptions, Sink } from '../batch/index.ts';
import { fileSink, type OutputFormat } from '../batch/internal.ts';
import { type Line, rawLinesFile } from './lines.ts';

/** Makes a sink for lines that are JSON already. Lines are parsed only for other formats than JSON Lines. */
export function mergedSink(path: string, format: OutputFormat, csv: CsvOptions): Sink<Line> {
  if (format === 'jsonl') return rawLinesFile(path);
  const sink = fileSink(path, format, csv);
  return {
    ...sink,
    async open(position, signal) {
      const output = await sink.open(position, signal);
      return { ...output, write: (lines) => output.write(lines.map((line): unknown => JSON.parse(line))) };
    },
  };
}
