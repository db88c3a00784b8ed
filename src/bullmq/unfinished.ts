import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Removes what merges that were killed, or have lost their turn, have left beside an output. */
export async function removeUnfinished(path: string): Promise<void> {
  const start = `${basename(path)}.merging.`;
  const names = await readdir(dirname(path)).catch((): string[] => []);
  for (const name of names) {
    if (name.startsWith(start) && /^\d+$/.test(name.slice(start.length))) {
      await rm(join(dirname(path), name), { force: true });
    }
  }
}
