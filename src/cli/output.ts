import type { CsvOptions, Day, Sink } from '../batch/index.ts';
import {
  endingProblem,
  fileSink,
  formatOf,
  isCsv,
  isGzip,
  type OutputFormat,
  streamSink,
} from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';
import { isPostgresUrl } from '../postgres/internal.ts';
import type { Environment } from '../vendors/environment.ts';
import { outputOfDay } from './days/day-output.ts';
import type { Io } from './io.ts';
import { type PostgresFlags, postgresSinks, type RecordKey } from './postgres-output.ts';

const CSV_FLAGS: Readonly<Record<keyof CsvOptions, string>> = {
  columns: '--columns',
  rows: '--rows',
  allowEmptyColumns: '--allow-empty-columns',
  delimiter: '--delimiter',
  bom: '--bom',
  escapeFormulas: '--escape-formulas',
};

/** Flags that describe the output of an export. */
export interface Output extends CsvOptions, PostgresFlags {
  /** A file, `-` for standard output, or the URL of a database. */
  out: string;
  format?: OutputFormat | undefined;
}

/** Returns the format of an output. @throws ConfigurationError if the flags contradict each other. */
export function outputFormat(output: Output): OutputFormat {
  const { out, format, columns, allowEmptyColumns, addColumns } = output;
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
    addColumns && '--add-columns requires Postgres as output',
    allowEmptyColumns !== undefined && columns === undefined && '--allow-empty-columns requires --columns',
  ]);
  return chosen;
}

/** Returns the options of CSV output that flags set. */
export function csvOptions(flags: CsvOptions): CsvOptions {
  const names = Object.keys(CSV_FLAGS) as (keyof CsvOptions)[];
  return Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  );
}

/** An export, as its output needs to know it. */
interface Exported {
  /** Names the export in a database, unless the export has days. */
  readonly name: string;
  /** The paths that identify a record, for records other than conversations; null if the records have no known id. */
  readonly id?: RecordKey | null | undefined;
}

/**
 * Returns a function that creates the sink of an export, or of a day.
 *
 * @throws ConfigurationError if flags contradict each other.
 */
export function sinksFor(
  { stdout }: Pick<Io, 'stdout'>,
  output: Output,
  { name, id }: Exported,
  environment: Environment,
): (day?: Pick<Day, 'date'>) => Sink {
  if (isPostgresUrl(output.out)) {
    refuseFileFlags(output);
    const sinkOf = postgresSinks({ ...output, id }, environment);
    return (day) => sinkOf(day?.date ?? name);
  }
  const format = outputFormat(output);
  const csv = csvOptions(output);
  refuse('--out', [
    output.out === '-' &&
      stdout.isTTY === true &&
      isGzip(format) &&
      `- is a terminal, which cannot show ${format}: redirect standard output to a file or a program, or choose ${format.slice(0, -'.gz'.length)}`,
  ]);
  return (day) => {
    const out = day ? outputOfDay(output.out, day.date) : output.out;
    return out === '-' ? streamSink(stdout, format, csv) : fileSink(out, format, csv);
  };
}

/** Refuses the flags that only files have. @throws ConfigurationError */
function refuseFileFlags({ format, columns: _, rows: __, ...output }: Output): void {
  const passed = Object.keys(csvOptions(output)) as (keyof CsvOptions)[];
  refuse('--out', [
    format !== undefined && `--format ${format} cannot be combined with Postgres: remove it`,
    ...passed.map((name) => `${CSV_FLAGS[name]} cannot be combined with Postgres: remove it`),
  ]);
}
