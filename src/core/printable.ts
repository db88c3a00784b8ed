// Control characters, separators that some terminals treat as line ends, and marks that reverse the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removes control characters
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** Returns text from a server as one line that cannot change the terminal or forge another line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}
