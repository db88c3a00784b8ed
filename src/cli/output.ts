import { jsonLinesStream, type Sink } from '../batch/index.ts';
import { endingProblem, fileSink, formatOf, isCsv, type OutputFormat } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import type { Io } from './io.ts';

/** Where an export goes. */
export interface Output {
  /** A file, or `-` for standard output. */
  out: string;
  format?: OutputFormat | undefined;
  columns?: readonly string[] | undefined;
}

/** Returns the format of an output. @throws ConfigurationError when its flags do not go together. */
export function outputFormat({ out, format, columns }: Output): OutputFormat {
  const chosen = format ?? formatOf(out) ?? 'jsonl';
  refuse('--out', [
    out === '' && 'name a file, or - for standard output',
    format === undefined && endingProblem(out, '--format'),
    columns !== undefined && !isCsv(chosen) && `--columns goes with csv, not with ${chosen}`,
    out === '-' && chosen !== 'jsonl' && `standard output is jsonl; ${chosen} needs a file`,
  ]);
  return chosen;
}

/** Makes the sink of an export. @throws ConfigurationError when its flags do not go together. */
export function sinkFor({ stdout }: Pick<Io, 'stdout'>, output: Output): Sink {
  const format = outputFormat(output);
  const { out, columns } = output;
  return out === '-' ? jsonLinesStream(stdout) : fileSink(out, format, { columns });
}
