import { readFileSync, statSync } from 'node:fs';
import { parse } from 'dotenv';
import { refuse } from '../core/internal.ts';
import type { Environment } from '../vendors/environment.ts';
import type { Io } from './io.ts';
import { isKnownVariable } from './variables.ts';

/**
 * Returns the variables of the process, and the missing ones from a file.
 *
 * The flag is not called `--env-file`, because Node evaluates a flag of that name even after the script's name.
 *
 * @param warn receives a warning if other users can read the file, or if a variable of the process overrides it.
 * @throws ConfigurationError if the file cannot be read.
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
      warn(`other users can read ${envFile}, which contains secrets; run: chmod 600 ${envFile}`);
    }
  } catch (error) {
    problem = `${envFile} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
  }
  refuse('--env', [problem]);
  const file = parse(text);
  // An empty variable counts as absent, as it does for vendors.
  const set = Object.entries(env).filter(([, value]) => value);
  const overridden = set.filter(
    ([name, value]) => isKnownVariable(name) && name in file && file[name] !== value,
  );
  for (const [name] of overridden) {
    warn(
      `${name} has different values in the environment and in ${envFile}; the environment takes precedence`,
    );
  }
  return { ...file, ...Object.fromEntries(set) };
}
