// What a shell takes as it is.
const PLAIN = /^[\w@%+=:,./-]+$/;

/** The command line that goes on from where this one stopped. @param args as the process got them. */
export function resumeCommand(args: readonly string[]): string {
  // Again with it, the run would begin anew.
  const again = args.filter((arg) => arg !== '--restart');
  return ['axios-oauth-refresh', ...again.map(quote)].join(' ');
}

function quote(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
