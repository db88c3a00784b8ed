import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from './file-error.ts';

/**
 * Replaces the content of a file atomically. After a crash, the file contains either the old or the new text.
 *
 * @throws BatchError `ERR_OUTPUT`
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    // Free the space: the disk may be full.
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, error);
  }
}

/** Writes the names in a directory to the disk, so that they survive a crash. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot sync a directory, and some network file systems refuse to. The rename has to suffice there.
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => {});
  await directory?.close();
}
