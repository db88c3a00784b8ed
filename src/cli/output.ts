import { jsonLinesStream, type Sink } from '../batch/index.ts';
import { endingProblem, fileSink, formatOf, isCsv, type OutputFormat } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import type { Io } from './io.ts';

/** Flags that describe the output of an export. */
export interface Output {
  /** A file, or `-` for standard output. */
  out: string;
  format?: OutputFormat | undefined;
  columns?: readonly string[] | undefined;
}

/** Returns the format of an output. @throws ConfigurationError if the flags contradict each other. */
export function outputFormat({ out, format, columns }: Output): OutputFormat {
  const chosen = format ?? formatOf(out) ?? 'jsonl';
  refuse('--out', [
    out === '' && 'must be a file, or - for standard output, not an empty text',
    format === undefined && endingProblem(out, '--format'),
    columns !== undefined && !isCsv(chosen) && `--columns requires the format csv or csv.gz, not ${chosen}`,
    out === '-' &&
      chosen !== 'jsonl' &&
      `standard output supports only the format jsonl; choose a file for ${chosen}`,
  ]);
  return chosen;
}

/** Makes the sink of an export. @throws ConfigurationError when its flags do not go together. */
export function sinkFor({ stdout }: Pick<Io, 'stdout'>, output: Output): Sink {
  const format = outputFormat(output);
  const { out, columns } = output;
  return out === '-' ? jsonLinesStream(stdout) : fileSink(out, format, { columns });
}
