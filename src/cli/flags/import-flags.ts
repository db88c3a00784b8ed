import { type Command, Option } from 'commander';
import { CSV_INPUT_DEFAULTS, IMPORT_DEFAULTS } from '../../batch/internal.ts';
import { EXIT, EXIT_CODES } from '../exit-code.ts';
import { addHelpEnd } from '../help.ts';
import { parseCount, parseDelimiter, parseMaxRejects, parseRename } from '../parse.ts';
import { VENDOR_VARIABLES, type VendorName } from '../variables.ts';
import {
  addConnectionFlags,
  addLogFlags,
  addResumeFlags,
  addShareFlags,
  addSpeedFlags,
  type RunFlags,
  rateFlag,
} from './run-flags.ts';

/** Flags that all imports share. */
export interface ImportFlags extends RunFlags {
  in: string;
  format?: 'jsonl' | 'csv';
  delimiter?: string;
  batchSize?: number;
  concurrency?: number;
  onBadRecord?: 'stop' | 'reject';
  rejects?: string;
  unresolved?: string;
  maxRejects?: number | `${number}%`;
  sendAgain?: true;
  map?: Record<string, string>;
  dryRun?: true;
  lastRowComplete?: boolean;
  strict?: boolean;
}

const IMPORT_EXIT_CODES = {
  ...EXIT_CODES,
  [EXIT.partial]: 'incomplete, or there are rejected, unresolved or unfinished records',
  [EXIT.warning]: 'complete with warnings (--strict)',
};

/** Starts the group of the records: flags of one import can follow. */
export function addRecordFlags(command: Command): Command {
  return command
    .optionsGroup('Required:')
    .requiredOption('--in <file>', 'input file')
    .optionsGroup('Records:');
}

/** Texts of flags that depend on the API. */
interface ImportDefaults {
  /** The default rate. */
  rate?: string;
  /** The default of `--batch-size`. */
  batchSize?: string;
}

/** Adds the flags after those of the records. */
export function addImportFlags(
  command: Command,
  { rate = VENDOR_VARIABLES.genesys.rate, batchSize = 'as many as the API allows' }: ImportDefaults = {},
): void {
  const { concurrency, onBadRecord } = IMPORT_DEFAULTS;
  const badRecord = `what to do if a record cannot be read (default: ${onBadRecord})`;
  command
    .addOption(new Option('--on-bad-record <what>', badRecord).choices(['stop', 'reject']))
    .option(
      '--max-rejects <n>',
      'stop at more rejected records than this: a number, a share such as 5%, or none (default: 1000 or 5%, whichever is more)',
      parseMaxRejects,
    )
    .option('--rejects <file>', 'file for rejected records (default: IN.rejects.jsonl)')
    .option('--unresolved <file>', 'file for unresolved records (default: IN.unresolved.jsonl)')
    .option('--send-again', 'send unresolved records that have no ID; the API may then store them twice');
  const format = new Option('--format <format>', 'input format (default: from the file name)');
  addShareFlags(addConnectionFlags(command))
    .optionsGroup('Input:')
    .addOption(format.choices(['jsonl', 'csv']))
    .option(
      '--delimiter <character>',
      `field separator of a CSV file; tab for a tab (default: "${CSV_INPUT_DEFAULTS.delimiter}")`,
      parseDelimiter,
    )
    .option('--last-row-complete', 'send a last row without a line end too')
    .option('--map <old=new>', 'rename a column or a top-level member; repeatable', parseRename)
    .optionsGroup('Checks:')
    .option('--dry-run', 'check every record, send and write nothing; requires no credentials')
    .option('--strict', 'exit with 8 if the import is complete, but with warnings');
  addSpeedFlags(command, rateFlag(rate))
    .option('--batch-size <n>', `records per request (default: ${batchSize})`, parseCount)
    .option(
      '--concurrency <n>',
      `requests at the same time; more than 1 can change the order (default: ${concurrency})`,
      parseCount,
    );
  addLogFlags(addResumeFlags(command, 'IN.import.checkpoint'));
}

/** @param vendors whose credentials the command reads. @default all */
export function addImportHelp(
  command: Command,
  examples: readonly string[],
  vendors?: readonly VendorName[],
): Command {
  return addHelpEnd(command, {
    examples,
    notes: `Rejected records go to IN.rejects.jsonl, with the reason. Unresolved records,
which the API may or may not have stored, go to IN.unresolved.jsonl. Check and
fix the records in these files, then import each file with --in.`,
    ...(vendors && { vendors }),
    exitCodes: IMPORT_EXIT_CODES,
  });
}
