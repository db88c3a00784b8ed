import { type Command, Option } from 'commander';
import type { Rate } from '../../batch/index.ts';
import { RUN_DEFAULTS } from '../../batch/internal.ts';
import { parseCount, parseRate, parseSeconds } from '../parse.ts';
import { PROGRESS_INTERVAL } from '../reporter/create-reporter.ts';
import { VENDORS } from '../variables.ts';

/** Flags of all commands that send requests. Durations are in milliseconds. */
export interface ConnectionFlags {
  env?: string;
}

/** Flags of all commands that run for a long time. */
export interface WorkFlags extends ConnectionFlags {
  rate?: Rate | 'none';
  retries: number;
  timeout: number;
  log: 'text' | 'json';
  progressInterval?: number;
}

/** Flags that exports and imports share. */
export interface RunFlags extends WorkFlags {
  restart?: boolean;
  checkpoint?: string;
}

const DEFAULT_RETRIES = 5;

export function addConnectionFlags(command: Command): Command {
  return command.option(
    '--env <file>',
    'load missing environment variables from FILE (NAME=value lines; chmod 600)',
  );
}

export function vendorFlag(): Option {
  return new Option('--vendor <vendor>', 'vendor to use if credentials of several are set').choices(VENDORS);
}

export function baseUrlFlag(): Option {
  return new Option('--base-url <url>', "base URL of the API (default: the vendor's)");
}

/** @param note the end of the description. */
export function rateFlag(note = ''): Option {
  return new Option('--rate <n/unit>', `highest request rate: 300/min, 5/s or none${note}`).argParser(
    parseRate,
  );
}

/** @param rate the default, such as `300/min`. */
export function addRunFlags(command: Command, rate: string): Command {
  addConnectionFlags(command)
    .addOption(rateFlag().default(parseRate(rate), rate))
    .option('--restart', 'start again; existing files are renamed and kept')
    .option('--checkpoint <file>', 'checkpoint file (default: beside the file)');
  return addWorkFlags(command);
}

export function addWorkFlags(command: Command): Command {
  const { timeout } = RUN_DEFAULTS;
  return command
    .option(
      '--retries <n>',
      'retries of one request after 429, 5xx and network errors',
      parseCount,
      DEFAULT_RETRIES,
    )
    .addOption(
      new Option('--timeout <s>', 'seconds for one request')
        .argParser(parseSeconds)
        .default(timeout, String(timeout / 1000)),
    )
    .addOption(
      new Option('--log <format>', 'format of progress and errors on standard error')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option(
      '--progress-interval <s>',
      'seconds between progress lines if standard error is not a terminal; 0 for each page ' +
        `(default: ${PROGRESS_INTERVAL / 1000})`,
      parseSeconds,
    );
}
