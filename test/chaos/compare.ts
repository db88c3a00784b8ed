import { createReadStream } from 'node:fs';
import type { VendorSimulator } from '../../src/testing/index.ts';

/** Compares a file of JSON Lines with the records of a simulator. */
export async function compare(path: string, { records }: Pick<VendorSimulator, 'records'>) {
  const seen = new Map<string, number>();
  let lines = 0;
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines++;
      seen.set(line, (seen.get(line) ?? 0) + 1);
    }
  }
  let lost = 0;
  for (const record of records()) if (!seen.has(JSON.stringify(record))) lost++;
  return { lines, lost, repeated: lines - seen.size };
}

/** Returns a generator of numbers from 0 to 1 that is determined by its seed. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
