import { Option } from 'commander';
import { parseCount, parseInterval, parsePair, parseRepeated, parseShare } from '../parse.ts';

export function intervalFlag(): Option {
  const description =
    'ISO 8601 interval in the past, such as 2026-01-01/2026-02-01; a date means midnight UTC';
  return new Option('--interval <start/end>', description).argParser(parseInterval).makeOptionMandatory();
}

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

/** Returns a problem for each name of `--secret-param` that no parameter has. @param where in words. */
export function unusedSecrets(
  secrets: readonly string[] = [],
  names: readonly string[],
  where = '--param',
): (string | false)[] {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return secrets.map((name) => !known.has(name.toLowerCase()) && `no ${where} is named ${name}`);
}
