import type { Environment } from '../vendors/environment.ts';
import { findArgumentSecrets } from './argument-secrets.ts';
import type { RelativePeriod } from './flags/period-flags.ts';

// A shell does not interpret these characters.
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * Returns the command line that resumes a run, without the secrets of the arguments, because logs contain the line.
 *
 * @param relative the dates that have another meaning on another day.
 * @param env npm sets a variable if npx runs the command, which a shell may not find.
 */
export function resumeCommand(
  args: readonly string[],
  env: Environment,
  relative?: RelativePeriod | undefined,
): string {
  // With --restart, the command would start over instead of resuming.
  const again = findArgumentSecrets(withoutRelative(args, relative)).args.filter(
    (arg) => arg !== '--restart',
  );
  const command = env.npm_command === 'exec' ? 'npx axios-oauth-refresh' : 'axios-oauth-refresh';
  return [command, ...again.map(quote)].join(' ');
}

/** Returns the arguments with dates that mean the same on another day. */
function withoutRelative(args: readonly string[], relative: RelativePeriod | undefined): readonly string[] {
  if (!relative) return args;
  const { flag, absolute } = relative;
  const dated = args.flatMap((arg, index) => {
    if (args[index - 1] === flag) return absolute;
    return arg.startsWith(`${flag}=`) ? `${flag}=${absolute}` : arg;
  });
  // The zones of an interval are in its text now.
  if (flag === '--days') return dated;
  return dated.filter((arg, index) => !/^--timezone(=|$)/.test(arg) && dated[index - 1] !== '--timezone');
}

function quote(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
