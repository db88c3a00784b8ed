import { Option } from 'commander';
import { parseCount, parseInterval, parsePair, parseShare } from '../parse.ts';

export function intervalFlag(): Option {
  const description = 'ISO 8601; dates alone are midnight in UTC';
  return new Option('--interval <start/end>', description).argParser(parseInterval).makeOptionMandatory();
}

/** @param description because the unit and the default differ. */
export function pageSizeFlag(description: string): Option {
  return new Option('--page-size <n>', description).argParser(parseCount);
}

export function totalToleranceFlag(byDefault: number): Option {
  const description = `share of the total that may be missing, from 0 to 1 (default: ${byDefault})`;
  return new Option('--total-tolerance <share>', description).argParser(parseShare);
}

export function paramFlag(): Option {
  const description = 'parameter of the query, such as fields=id; can be passed several times';
  return new Option('--param <name=value>', description).argParser(parsePair);
}
