import type { Environment } from '../vendors/environment.ts';
import { findArgumentSecrets } from './argument-secrets.ts';

// A shell does not interpret these characters.
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * Returns the command line that resumes a run, without the secrets of the arguments, because logs contain the line.
 *
 * @param env npm sets a variable if npx runs the command, which a shell may not find.
 */
export function resumeCommand(args: readonly string[], env: Environment): string {
  // With --restart, the command would start over instead of resuming.
  const again = findArgumentSecrets(args).args.filter((arg) => arg !== '--restart');
  const command = env.npm_command === 'exec' ? 'npx axios-oauth-refresh' : 'axios-oauth-refresh';
  return [command, ...again.map(quote)].join(' ');
}

function quote(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
