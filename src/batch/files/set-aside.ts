import type { Stats } from 'node:fs';
import { lstat, rename, stat } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { fileError, refuseNonFile } from './file-error.ts';

const ADVICE =
  'and no checkpoint belongs to it. Choose another output, move it away, or begin anew (restart), which keeps it under another name.';

/**
 * Refuses to write over what is in a file.
 *
 * @param advice what to say of it.
 * @throws BatchError `ERR_OUTPUT_EXISTS`, `ERR_OUTPUT` where it is no file at all.
 */
export async function refuseExisting(path: string, advice = ADVICE): Promise<void> {
  const found = await find(path);
  if (found) refuseNonFile(path, found);
  // An empty file, as mktemp makes it, has nothing to lose.
  if (!found || found.size === 0) return;
  throw new BatchError(`${path} is there already, ${advice}`, 'ERR_OUTPUT_EXISTS', { resumable: false });
}

/**
 * Gives files other names that are free: `.old-1` and so on, the same number for all of them.
 *
 * @throws BatchError `ERR_OUTPUT`, with nothing moved when one of them is a directory or a device.
 */
export async function setAside(paths: readonly string[]): Promise<void> {
  const present: string[] = [];
  for (const path of paths) {
    const found = await find(path);
    if (!found) continue;
    refuseNonFile(path, found);
    present.push(path);
  }
  for (let number = 1; ; number++) {
    const taken = await Promise.all(paths.map((path) => isTaken(`${path}.old-${number}`)));
    if (taken.some(Boolean)) continue;
    for (const path of present) {
      await rename(path, `${path}.old-${number}`).catch((error: unknown) => {
        throw fileError(path, error);
      });
    }
    return;
  }
}

async function find(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(path, error);
  });
}

/** Also by a link that leads nowhere. */
async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
