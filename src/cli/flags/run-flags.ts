import { type Command, Option } from 'commander';
import type { Rate } from '../../batch/index.ts';
import { parseCount, parseRate, parseSeconds } from '../parse.ts';

/** Flags that every command has which sends requests. Durations are in milliseconds. */
export interface ConnectionFlags {
  env?: string;
}

/** Flags of whatever works for long. */
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

export function addConnectionFlags(command: Command): Command {
  return command.option(
    '--env <file>',
    'read variables from it that the environment does not have (NAME=value lines; chmod 600)',
  );
}

/** @param rate the default, such as `300/min`. */
export function addRunFlags(command: Command, rate: string): Command {
  addConnectionFlags(command)
    .addOption(
      new Option('--rate <n/unit>', 'keep under this rate: 300/min, 5/s or none')
        .argParser(parseRate)
        .default(parseRate(rate), rate),
    )
    .option('--restart', 'begin anew; what is there is kept under other names')
    .option('--checkpoint <file>', 'where to keep how far it is (default: beside the file)');
  return addWorkFlags(command);
}

export function addWorkFlags(command: Command): Command {
  return command
    .option('--retries <n>', 'of one request after 429, 5xx and network errors', parseCount, 5)
    .addOption(
      new Option('--timeout <s>', 'seconds for one request').argParser(parseSeconds).default(120_000, '120'),
    )
    .addOption(
      new Option('--log <format>', 'of progress and errors on standard error')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option(
      '--progress-interval <s>',
      'seconds between progress lines, where there is no terminal; 0 for each page (default: 10)',
      parseSeconds,
    );
}
