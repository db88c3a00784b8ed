import { type CsvOptions, type Day, jsonLinesStream, type Sink } from '../batch/index.ts';
import { endingProblem, fileSink, formatOf, isCsv, type OutputFormat } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import { outputOfDay } from './days/day-output.ts';
import type { Io } from './io.ts';

/** Flags of CSV output. */
export interface CsvFlags {
  columns?: readonly string[] | undefined;
  allowEmptyColumns?: boolean | undefined;
  delimiter?: string | undefined;
  bom?: boolean | undefined;
  escapeFormulas?: boolean | undefined;
}

const CSV_FLAGS: Readonly<Record<keyof CsvFlags, string>> = {
  columns: '--columns',
  allowEmptyColumns: '--allow-empty-columns',
  delimiter: '--delimiter',
  bom: '--bom',
  escapeFormulas: '--escape-formulas',
};

/** Flags that describe the output of an export. */
export interface Output extends CsvFlags {
  /** A file, or `-` for standard output. */
  out: string;
  format?: OutputFormat | undefined;
}

/** Returns the format of an output. @throws ConfigurationError if the flags contradict each other. */
export function outputFormat(output: Output): OutputFormat {
  const { out, format, columns, allowEmptyColumns } = output;
  const chosen = format ?? formatOf(out) ?? 'jsonl';
  refuse('--out', [
    out === '' && 'must be a file, or - for standard output, not an empty text',
    format === undefined && endingProblem(out, '--format'),
    ...Object.entries(CSV_FLAGS).map(
      ([name, flag]) =>
        name in csvOptions(output) &&
        !isCsv(chosen) &&
        `${flag} requires the format csv or csv.gz, not ${chosen}`,
    ),
    allowEmptyColumns !== undefined && columns === undefined && '--allow-empty-columns requires --columns',
    out === '-' &&
      chosen !== 'jsonl' &&
      `standard output supports only the format jsonl; choose a file for ${chosen}`,
  ]);
  return chosen;
}

/** Returns the options of CSV output that flags set. */
export function csvOptions(flags: CsvFlags): CsvOptions {
  const names = Object.keys(CSV_FLAGS) as (keyof CsvFlags)[];
  return Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  );
}

/** Creates the sink of an export, or of a day. @throws ConfigurationError if flags contradict each other. */
export function sinkFor({ stdout }: Pick<Io, 'stdout'>, output: Output, day?: Pick<Day, 'date'>): Sink {
  const format = outputFormat(output);
  const out = day ? outputOfDay(output.out, day.date) : output.out;
  return out === '-' ? jsonLinesStream(stdout) : fileSink(out, format, csvOptions(output));
}
