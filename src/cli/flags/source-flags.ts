import { Option } from 'commander';
import { parseCount, parsePair, parseRepeated, parseShare } from '../parse.ts';

/** @param description includes the unit and the default. */
export function pageSizeFlag(description: string): Option {
  return new Option('--page-size <n>', description).argParser(parseCount);
}

export function totalToleranceFlag(byDefault: number): Option {
  const description = `share of the stated total that may be missing, from 0 to 1 (default: ${byDefault})`;
  return new Option('--total-tolerance <share>', description).argParser(parseShare);
}

export function paramFlag(): Option {
  const description = 'query parameter, such as fields=id; repeatable, also with the same name';
  return new Option('--param <name=value>', description).argParser(parsePair);
}

export function secretParamFlag(): Option {
  const description = 'name of a parameter that the checkpoint must not contain; repeatable';
  return new Option('--secret-param <name>', description).argParser(parseRepeated);
}
