import type { Command } from 'commander';
import { parseCount, parseInterval, parsePair, parseShare } from '../parse.ts';

// Flags that the sources of several commands share. The defaults differ.

export function addIntervalFlag(command: Command): Command {
  return command.requiredOption(
    '--interval <start/end>',
    'ISO 8601; dates alone are midnight in UTC',
    parseInterval,
  );
}

export function addPageSizeFlag(command: Command, description: string): Command {
  return command.option('--page-size <n>', description, parseCount);
}

export function addTotalToleranceFlag(command: Command, value: number): Command {
  const description = `share of the total that may be missing, from 0 to 1 (default: ${value})`;
  return command.option('--total-tolerance <share>', description, parseShare);
}

export function addParamFlag(command: Command): Command {
  return command.option(
    '--param <name=value>',
    'parameter of the query, such as fields=id; can be passed several times',
    parsePair,
  );
}
