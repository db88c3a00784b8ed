import type { Stats } from 'node:fs';
import { lstat, rename, stat } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { fileError, refuseNonFile } from './file-error.ts';

const ADVICE =
  'but has no checkpoint. Choose another output, move the file away, or set restart (--restart), which renames it.';

/**
 * Refuses to overwrite a file that is not empty.
 *
 * @param advice the rest of the message, after `already exists, `.
 * @throws BatchError `ERR_OUTPUT_EXISTS`; `ERR_OUTPUT` if the path is not a file.
 */
export async function refuseExisting(path: string, advice = ADVICE): Promise<void> {
  const found = await find(path);
  if (found) refuseNonFile(path, found);
  // An empty file can be overwritten: mktemp creates such a file.
  if (!found || found.size === 0) return;
  throw new BatchError(`${path} already exists, ${advice}`, 'ERR_OUTPUT_EXISTS', { resumable: false });
}

/**
 * Renames existing files to `.old-1`, `.old-2` and so on: the first number that is free for all of them.
 *
 * @throws BatchError `ERR_OUTPUT`. If one of the paths is a directory or a device, no file is renamed.
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
    const existing = await Promise.all(paths.map((path) => exists(`${path}.old-${number}`)));
    if (existing.some(Boolean)) continue;
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

/** Returns true for a broken symbolic link too. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
