import { type Command, Option } from 'commander';
import type { Rate } from '../../batch/index.ts';
import { RUN_DEFAULTS } from '../../batch/internal.ts';
import { parseCount, parseRate, parseSeconds } from '../parse.ts';
import { PROGRESS_INTERVAL } from '../reporter/create-reporter.ts';
import { VENDORS, type VendorName } from '../variables.ts';

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

/** The default of `--rate`. Genesys Cloud allows one OAuth client 300 requests a minute; NICE states no limit. */
export const DEFAULT_RATES = { genesys: '300/min', cxone: 'none', oauth: 'none' } as const satisfies Record<
  VendorName,
  string
>;

const DEFAULT_RETRIES = 5;

/** @param own options of the command for the same connection. */
export function addConnectionFlags(command: Command, ...own: Option[]): Command {
  const description = 'load missing environment variables from FILE (NAME=value lines; chmod 600)';
  return addGroup(command, 'Credentials and connection:', [new Option('--env <file>', description), ...own]);
}

export function vendorFlag(): Option {
  return new Option('--vendor <vendor>', 'vendor to use if credentials of several are set').choices(VENDORS);
}

export function baseUrlFlag(): Option {
  return new Option('--base-url <url>', "base URL of the API (default: the vendor's)");
}

/** @param note the end of the description. */
export function rateFlag(note = ''): Option {
  const description = `limit of requests, such as 300/min, 5/s or none${note}`;
  return new Option('--rate <n/unit>', description).argParser(parseRate);
}

/** @param own options of the command, which come first. */
export function addSpeedFlags(command: Command, ...own: Option[]): Command {
  const { timeout } = RUN_DEFAULTS;
  return addGroup(command, 'Speed and retries:', [
    ...own,
    new Option('--retries <n>', 'retries of one request after 429, 5xx and network errors')
      .argParser(parseCount)
      .default(DEFAULT_RETRIES),
    new Option('--timeout <s>', 'seconds for one request')
      .argParser(parseSeconds)
      .default(timeout, String(timeout / 1000)),
  ]);
}

/** @param file the default of `--checkpoint`. */
export function addResumeFlags(command: Command, file: string, ...own: Option[]): Command {
  return addGroup(command, 'Checkpoint:', [
    new Option('--restart', 'start over; existing files are renamed and kept'),
    new Option('--checkpoint <file>', `checkpoint file (default: ${file})`),
    ...own,
  ]);
}

export function addLogFlags(command: Command): Command {
  const seconds = PROGRESS_INTERVAL / 1000;
  return addGroup(command, 'Logging:', [
    new Option('--log <format>', 'format of progress and messages on standard error')
      .choices(['text', 'json'])
      .default('text'),
    new Option(
      '--progress-interval <s>',
      `seconds between progress lines unless on a terminal; 0 for each page (default: ${seconds})`,
    ).argParser(parseSeconds),
  ]);
}

/** Adds options below a heading of the help. */
export function addGroup(command: Command, heading: string, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.helpGroup(heading));
  return command;
}
