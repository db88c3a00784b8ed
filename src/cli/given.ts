/** Which of these flags were given: one that has a default does not tell by its value. */
export function given(flags: readonly string[], args: readonly string[]): string[] {
  return flags.filter((flag) => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`)));
}
