import { rename, stat } from 'node:fs/promises';
import { BatchError } from './errors.ts';
import { fileError } from './file-error.ts';

/**
 * Refuses to write over what is in a file.
 *
 * @throws BatchError `ERR_OUTPUT_EXISTS`
 */
export async function refuseExisting(path: string): Promise<void> {
  // An empty file, as mktemp makes it, has nothing to lose.
  if ((await sizeOf(path)) === 0) return;
  throw new BatchError(
    `${path} is there already, and no checkpoint belongs to it. Choose another output, move it away, ` +
      'or begin anew (restart), which keeps it under another name.',
    'ERR_OUTPUT_EXISTS',
    { resumable: false },
  );
}

/** Gives files other names that are free: `.old-1` and so on, the same number for all of them. */
export async function setAside(paths: readonly string[]): Promise<void> {
  for (let number = 1; ; number++) {
    const names = paths.map((path) => `${path}.old-${number}`);
    if ((await Promise.all(names.map(exists))).some(Boolean)) continue;
    for (const [index, path] of paths.entries()) {
      if (await exists(path)) {
        await rename(path, names[index] as string).catch((error: unknown) => {
          throw fileError(path, error);
        });
      }
    }
    return;
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(path, error);
  });
  return found?.size ?? 0;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
