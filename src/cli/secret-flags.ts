const SECRET =
  /^--?[\w-]*(secret|passw|credential|bearer|api-?key|access-?key|access-?token|refresh-?token|client-?id)/i;

/**
 * Says so when somebody gives credentials as arguments, where every user of the machine and the shell's history see them.
 */
export function secretFlagProblem(args: readonly string[]): string | undefined {
  const flag = args
    .map((arg) => arg.split('=', 1)[0] ?? '')
    .find((name) => name === '--token' || SECRET.test(name));
  if (flag === undefined) return undefined;
  return (
    `there is no ${flag}: arguments are seen by every user of this machine and kept by the shell. ` +
    'Put credentials into the environment or into a file named by --env (--help lists the variables), ' +
    'and change a secret that was given here.'
  );
}
