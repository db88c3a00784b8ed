import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from './file-error.ts';

/**
 * Replaces a file whole: after a crash it holds the old text or the new one, and once this settles the new one.
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
    // On a full disk each byte counts.
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, error);
  }
}

/** Makes the names in a directory last a crash. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing, and some network file systems refuse it: there the rename is all there is.
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => {});
  await directory?.close();
}
