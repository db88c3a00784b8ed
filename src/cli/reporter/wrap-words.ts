import wrapAnsi from 'wrap-ansi';

/** Wraps text between words. @param columns undefined if the output is not a terminal */
export function wrapWords(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return (
    text
      .split('\n')
      // The lines of a stack are indented.
      .map((line) => (/^\s/.test(line) ? line : wrapAnsi(line, columns)))
      .join('\n')
  );
}
