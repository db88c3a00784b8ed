const SECRET =
  /^--?(?!-?secret-param$)[\w-]*(secret|passw|credential|bearer|api-?key|access-?key|access-?token|refresh-?token|client-?id)/i;

/** Returns an error message if credentials are passed as arguments. */
export function secretFlagProblem(args: readonly string[]): string | undefined {
  const flag = args
    .map((arg) => arg.split('=', 1)[0] ?? '')
    .find((name) => name === '--token' || SECRET.test(name));
  if (flag === undefined) return undefined;
  return (
    `${flag} is not an option: every user of this machine can see arguments, and the shell stores them. ` +
    'Set credentials in the environment or in a file named by --env (--help lists the variables). ' +
    'If you passed a secret, replace it.'
  );
}

/** Returns a problem for each value of `--secret-param` that is not the name of a parameter. @param what can have the name. */
export function unusedSecretParams(
  secretParams: readonly string[] = [],
  names: readonly string[],
  what: string,
): (string | false)[] {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return secretParams.map((name) => !known.has(name.toLowerCase()) && `no ${what} is named ${name}`);
}
