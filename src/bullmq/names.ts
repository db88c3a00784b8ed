/** A name that can be part of a key, of the id of a job and of a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const FOLDER = /^[\p{L}\p{N}_][\p{L}\p{N}_ .+-]{0,199}$/u;
// What stands beside an output while it is made.
const RESERVED = /\.(parts|merging\.\d+)$/;
// Of a file's name 255 can be used, and what is added to it needs some.
const MOST_BYTES = 200;

/** What is wrong with the name of an export, a queue or a prefix. */
export function nameProblem(what: string, name: unknown): string | undefined {
  if (typeof name === 'string' && NAME.test(name)) return undefined;
  return `${what} must be a text of up to 100 letters, digits, dots, dashes and underscores that begins with a letter or digit, not ${shown(name)}`;
}

/**
 * What is wrong with the name of an output. It comes out of Redis, and whoever can write there must not choose where in the file
 * system a worker writes.
 */
export function outputProblem(output: unknown): string | undefined {
  const parts = typeof output === 'string' ? output.split('/') : [''];
  if (parts.every((part) => isPlain(part))) return undefined;
  return (
    "output must be a plain file name, or a path below the workers' directory, without .. and not ended by .parts, " +
    `not ${shown(output)}`
  );
}

/** What is said where a file of the output's name is there. */
export const IS_ANOTHERS =
  'and was not written by this run of the export. Move it away, or submit an export of another name with another output.';

function isPlain(part: string): boolean {
  return (
    FOLDER.test(part) && !part.includes('..') && !RESERVED.test(part) && Buffer.byteLength(part) <= MOST_BYTES
  );
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}
