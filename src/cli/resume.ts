import { removeUserInfo } from '../core/internal.ts';
import type { Environment } from '../vendors/environment.ts';

// What a shell takes as it is.
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * Returns the command line that resumes this run. Passwords in URLs are removed, because the line ends up in logs.
 *
 * @param args as the process got them.
 * @param env its variables: npm sets one where npx found the command, which the shell would not find.
 */
export function resumeCommand(args: readonly string[], env: Environment): string {
  // Again with it, the run would begin anew.
  const again = args.filter((arg) => arg !== '--restart');
  const command = env.npm_command === 'exec' ? 'npx axios-oauth-refresh' : 'axios-oauth-refresh';
  return [command, ...again.map((arg) => quote(arg.includes('//') ? removeUserInfo(arg) : arg))].join(' ');
}

function quote(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
