import { readFileSync, statSync } from 'node:fs';
import { parse } from 'dotenv';
import { refuse } from '../core/internal.ts';
import type { Environment } from '../vendors/environment.ts';
import type { Io } from './io.ts';
import { isKnownVariable } from './variables.ts';

/**
 * The variables of the process and those of a file. Where both have one, the process's counts.
 *
 * The flag is not called `--env-file`: Node looks for one of that name itself, also behind the name of the script.
 *
 * @param warn is told when others can read the file, and when the process overrides it.
 * @throws ConfigurationError when the file cannot be read.
 */
export function readEnvironment(
  { env }: Pick<Io, 'env'>,
  envFile: string | undefined,
  warn: (message: string) => void,
): Environment {
  if (envFile === undefined) return env;
  let text = '';
  let problem: string | undefined;
  try {
    text = readFileSync(envFile, 'utf8');
    const { mode } = statSync(envFile);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      warn(`${envFile} holds secrets and others can read it: chmod 600 ${envFile}`);
    }
  } catch (error) {
    problem = `${envFile} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
  }
  refuse('--env', [problem]);
  const file = parse(text);
  // As for vendors: an empty variable counts as absent.
  const set = Object.entries(env).filter(([, value]) => value);
  const overridden = set.filter(
    ([name, value]) => isKnownVariable(name) && name in file && file[name] !== value,
  );
  for (const [name] of overridden) {
    warn(`${name} is set in the environment as well, with another value, which is the one that counts`);
  }
  return { ...file, ...Object.fromEntries(set) };
}
