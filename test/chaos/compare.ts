import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/**
 * Compares the lines of a file, which may be compressed, with the expected ones.
 *
 * @param hasHeading whether to skip the first line.
 */
export async function compare(path: string, expected: Iterable<string>, hasHeading = false) {
  const file = createReadStream(path);
  const seen = new Map<string, number>();
  let lines = hasHeading ? -1 : 0;
  for await (const line of createInterface({
    input: path.endsWith('.gz') ? file.pipe(createGunzip()) : file,
  })) {
    if (++lines > 0) seen.set(line, (seen.get(line) ?? 0) + 1);
  }
  let lost = 0;
  for (const line of expected) if (!seen.has(line)) lost++;
  return { lines, lost, repeated: lines - seen.size };
}

/** Returns the digest of the bytes of a file. */
export async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Returns a generator of numbers from 0 to 1 that is determined by its seed. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
