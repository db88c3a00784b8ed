import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CsvOptions } from '../../batch/index.ts';
import { EXPORT_DEFAULTS, OUTPUT_FORMATS, type OutputFormat, ROW_LEVELS } from '../../batch/internal.ts';
import { parseCount, parseDelimiter, parseList, parseSeconds } from '../parse.ts';
import type { PostgresFlags } from '../postgres-output.ts';
import type { PeriodFlags } from './period-flags.ts';
import type { SplitFlags } from './queue-flags.ts';
import { addResumeFlags, addShareFlags, addSpeedFlags, type RunFlags, rateFlag } from './run-flags.ts';

/** Flags that exports and workers share. */
export interface ReadFlags {
  readAhead?: number;
  checkpointInterval?: number;
}

/** Flags that decide the exit code of a complete export. */
export interface ResultFlags {
  strict?: boolean;
  minRecords?: number;
}

/** Flags that all exports share. */
export interface ExportFlags
  extends RunFlags,
    ReadFlags,
    SplitFlags,
    ResultFlags,
    CsvOptions,
    PostgresFlags,
    PeriodFlags {
  out: string;
  format?: OutputFormat;
}

export function readAheadFlag(): Option {
  const description = `pages to request before earlier pages are written (default: ${EXPORT_DEFAULTS.readAhead})`;
  return new Option('--read-ahead <n>', description).argParser(parseCount);
}

export function checkpointIntervalFlag(): Option {
  const seconds = EXPORT_DEFAULTS.checkpointInterval / 1000;
  const description = `seconds between checkpoints; 0 for each page (default: ${seconds})`;
  return new Option('--checkpoint-interval <s>', description).argParser(parseSeconds);
}

export function outFlag(): Option {
  const description =
    'a file; - for standard output, which cannot be resumed; or a table of Postgres: postgres://HOST/DATABASE?table=NAME';
  return new Option('--out <file>', description).makeOptionMandatory();
}

/** The flag `--rows` of exports of conversations. */
export function rowsFlag(): Option {
  const description = 'write a CSV row for each participant, session or segment (default: each conversation)';
  return new Option('--rows <level>', description).choices(ROW_LEVELS);
}

function refusedRowsFlag(): Option {
  return new Option('--rows <level>').hideHelp().argParser(() => {
    throw new InvalidArgumentError(
      'Only genesys-conversations and genesys-conversation-jobs can write rows of participants, sessions or segments.',
    );
  });
}

/**
 * @param command ends with the group of the credentials.
 * @param rate the default of `--rate`.
 * @param rows the flag `--rows`. By default, the flag is refused.
 */
export function addExportFlags(command: Command, rate: string, rows = refusedRowsFlag()): Command {
  const format = new Option('--format <format>', 'output format (default: from the file name)');
  addShareFlags(command)
    .optionsGroup('Output:')
    .addOption(format.choices(OUTPUT_FORMATS))
    .option(
      '--columns <names>',
      'CSV columns, separated by commas; participants.0.purpose or participants[0].purpose is a nested field (default: the fields of the first records, or the columns of --rows)',
      parseList,
    )
    .addOption(rows)
    .option('--allow-empty-columns', 'accept --columns that the first records do not have')
    .option('--delimiter <character>', 'CSV separator; tab for a tab (default: ",")', parseDelimiter)
    .option('--bom', 'start a CSV file with a byte order mark, for Excel')
    .option('--escape-formulas', "put ' before CSV texts that a spreadsheet would run as a formula")
    .option('--add-columns', "Postgres: add a column for each new field, instead of the column 'extra'")
    .optionsGroup('Checks of the result:')
    .option('--strict', 'exit with 8 if the export is complete, but with warnings')
    .option('--min-records <n>', 'exit with 8 if the export has fewer records', parseCount);
  addSpeedFlags(command, rateFlag(rate)).addOption(readAheadFlag());
  return addResumeFlags(command, 'OUT.checkpoint').addOption(checkpointIntervalFlag());
}
