import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../batch/internal.ts';
import { syncDirectory } from '../core/node/index.ts';

/** Returns the folder of the parts of an export. */
export function folderOf(directory: string, name: string): string {
  return join(directory, `${name}.parts`);
}

/** Does not create parents: if the shared directory is not mounted, creating it would hide that. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw fileError(path, error);
  });
  await syncDirectory(join(path, '..'));
}
