import { type Command, Option } from 'commander';
import { EXPORT_DEFAULTS, OUTPUT_FORMATS, type OutputFormat } from '../../batch/internal.ts';
import { type Interval, parseCount, parseList, parseSeconds } from '../parse.ts';
import type { SplitFlags } from './queue-flags.ts';
import { addRunFlags, type RunFlags } from './run-flags.ts';

/** Flags that exports and workers share. */
export interface ReadFlags {
  readAhead?: number;
  checkpointInterval?: number;
}

/** Flags that all exports share. */
export interface ExportFlags extends RunFlags, ReadFlags, SplitFlags {
  out: string;
  format?: OutputFormat;
  columns?: string[];
  interval?: Interval;
}

export function addReadFlags(command: Command): Command {
  const { readAhead, checkpointInterval } = EXPORT_DEFAULTS;
  return command
    .option('--read-ahead <n>', `pages read before they are written (default: ${readAhead})`, parseCount)
    .option(
      '--checkpoint-interval <s>',
      `seconds between checkpoints; 0 for each page (default: ${checkpointInterval / 1000})`,
      parseSeconds,
    );
}

/** @param rate the default, such as `300/min`. */
export function addExportFlags(command: Command, rate: string): Command {
  command
    .requiredOption('--out <file>', 'the file to write; - for standard output, which cannot be resumed')
    .addOption(
      new Option('--format <format>', 'output format (default: by the ending of the file name)').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--columns <names>', 'of a CSV, separated by commas; dots lead into objects', parseList);
  return addRunFlags(addReadFlags(command), rate);
}
