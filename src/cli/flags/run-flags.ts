import { type Command, Option } from 'commander';
import type { Rate } from '../../batch/index.ts';
import { RUN_DEFAULTS } from '../../batch/internal.ts';
import { parseCount, parseDuration, parseRate, parseSeconds } from '../parse.ts';
import { PROGRESS_INTERVAL } from '../reporter/create-reporter.ts';
import { VENDORS } from '../variables.ts';

/** Flags of all commands that send requests. Durations are in milliseconds. */
export interface ConnectionFlags {
  env?: string;
}

/** Flags of all commands that can share a token and a rate with other commands on this host. */
export interface ShareFlags {
  share?: boolean;
  shareDirectory?: string;
}

/** Flags of all commands that run for a long time. */
export interface WorkFlags extends ConnectionFlags {
  rate?: Rate | 'none';
  retries: number;
  timeout: number;
  maxOutage: number;
  log: 'text' | 'json';
  quiet?: true;
  progressInterval?: number;
}

/** Flags that exports and imports share. */
export interface RunFlags extends WorkFlags, ShareFlags {
  restart?: boolean;
  checkpoint?: string;
}

const DEFAULT_RETRIES = 5;

const CONNECTION = 'Credentials and connection:';

/** Starts the group of the credentials: `--vendor` and `--base-url` can follow. */
export function addConnectionFlags(command: Command): Command {
  return command
    .optionsGroup(CONNECTION)
    .option('--env <file>', 'load missing environment variables from FILE (NAME=value lines; chmod 600)');
}

/** Adds the flags of commands for the API of any vendor to the group of the credentials. */
export function addApiFlags(command: Command): Command {
  return command.optionsGroup(CONNECTION).addOption(vendorFlag()).addOption(baseUrlFlag());
}

/** Adds the flags of sharing to the group of the credentials. @param what what the command shares. */
export function addShareFlags(command: Command, what = 'one token and one rate'): Command {
  return command
    .optionsGroup(CONNECTION)
    .option(
      '--share',
      `share ${what} with other commands on this host that have --share, of the same user and OAuth client`,
    )
    .option(
      '--share-directory <path>',
      'directory for --share, on a local disk (default: axios-oauth-refresh/shared in $XDG_STATE_HOME or ~/.local/state)',
    );
}

export function vendorFlag(): Option {
  return new Option('--vendor <vendor>', 'vendor to use if credentials of several are set').choices(VENDORS);
}

export function baseUrlFlag(): Option {
  return new Option('--base-url <url>', "base URL of the API (default: the vendor's)");
}

/** @param byDefault the default, which the vendor decides. @param note the limit applies to these. */
export function rateFlag(byDefault: string, note = ''): Option {
  const description = `limit of requests, such as 300/min, 5/s or none${note} (default: ${byDefault})`;
  return new Option('--rate <n/unit>', description).argParser(parseRate);
}

/** Starts the group of speed and retries: other options can follow. */
export function addSpeedFlags(command: Command, rate: Option): Command {
  const { timeout, maxOutage } = RUN_DEFAULTS;
  const outageFlag = new Option(
    '--max-outage <duration>',
    'wait this long for an API that has answered before: seconds, or such as 90s, 15m, 2h; 0 for no wait',
  ).argParser(parseDuration);
  const timeoutFlag = new Option('--timeout <s>', 'seconds for one request').argParser(parseSeconds);
  return command
    .optionsGroup('Speed and retries:')
    .addOption(rate)
    .option(
      '--retries <n>',
      'retries of one request after 408, 429, 502, 503, 504 and network errors',
      parseCount,
      DEFAULT_RETRIES,
    )
    .addOption(timeoutFlag.default(timeout, String(timeout / 1000)))
    .addOption(outageFlag.default(maxOutage, `${maxOutage / 60_000}m`));
}

/** Starts the group of the checkpoint: other options can follow. @param file the default of `--checkpoint`. */
export function addResumeFlags(command: Command, file: string): Command {
  return command
    .optionsGroup('Checkpoint:')
    .option('--restart', 'start over; existing files are renamed and kept')
    .option('--checkpoint <file>', `checkpoint file (default: ${file})`);
}

export function addLogFlags(command: Command): Command {
  const log = new Option('--log <format>', 'format of progress and messages on standard error');
  return command
    .optionsGroup('Logging:')
    .addOption(log.choices(['text', 'json']).default('text'))
    .option('--quiet', 'print only warnings and failures, so that cron sends mail only about them')
    .option(
      '--progress-interval <s>',
      `seconds between progress lines unless on a terminal; 0 for a line after each page or batch (default: ${PROGRESS_INTERVAL / 1000})`,
      parseSeconds,
    );
}
