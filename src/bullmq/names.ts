/** A name that is valid in a key, a job ID and a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const FOLDER = /^[\p{L}\p{N}_][\p{L}\p{N}_ .+-]{0,199}$/u;
// Names of folders and files that this package creates next to an output.
const RESERVED = /\.(parts|merging\.\d+)$/;
// File systems allow 255 bytes, and temporary files add a suffix to the name.
const MAX_BYTES = 200;

/** Returns the problem with the name of an export, a queue or a prefix, if any. */
export function nameProblem(what: string, name: unknown): string | undefined {
  if (typeof name === 'string' && NAME.test(name)) return undefined;
  return `${what} must be up to 100 letters, digits, dots, dashes and underscores, and start with a letter or digit, not ${shorten(name)}`;
}

/**
 * Returns the problem with the path of an output, if any. The path comes from Redis, and a program that can write to Redis must not
 * choose where in the file system a worker writes.
 */
export function outputProblem(output: unknown): string | undefined {
  const parts = typeof output === 'string' ? output.split('/') : [''];
  if (parts.every((part) => isPlain(part))) return undefined;
  return (
    "output must be a file name or a path below the workers' directory, without .. and without names that end in .parts, " +
    `not ${shorten(output)}`
  );
}

/** Advice for {@link refuseExisting} if the output exists. */
export const FOREIGN_OUTPUT =
  'and was not written by this run of the export. Move it away, or submit an export with another name and another output.';

function isPlain(part: string): boolean {
  return (
    FOLDER.test(part) && !part.includes('..') && !RESERVED.test(part) && Buffer.byteLength(part) <= MAX_BYTES
  );
}

function shorten(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}
