import { lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileError, storeError } from './error.ts';

const NAME = 'axios-oauth-refresh';

/** Where state belongs by the XDG Base Directory Specification, or by the habits of Windows. */
export function defaultDirectory(): string {
  const { XDG_STATE_HOME = '', LOCALAPPDATA = '' } = process.env;
  // The specification has relative paths ignored.
  if (isAbsolute(XDG_STATE_HOME)) return join(XDG_STATE_HOME, NAME);
  if (process.platform === 'win32') return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), NAME);
  return join(homedir(), '.local', 'state', NAME);
}

/**
 * Makes the directory unless it is there.
 *
 * @throws TokenStoreError when it is not this user's alone.
 */
export async function prepareDirectory(path: string): Promise<void> {
  const make = async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return lstat(path);
  };
  const found = await lstat(path)
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return make();
      throw error;
    })
    .catch((error: unknown) => {
      throw fileError(path, error);
    });
  if (found.isSymbolicLink()) {
    throw storeError(
      `${path}: it is a link, and others may choose where it leads. Name the directory itself.`,
    );
  }
  if (!found.isDirectory()) throw storeError(`${path}: it is no directory. Name another one.`);
  refuseOthers(path, found, 'chmod 700');
}

/** @throws TokenStoreError when a file or directory belongs to another user, or others have any permission on it. */
export function refuseOthers(path: string, found: { uid: number; mode: number }, remedy: string): void {
  // Elsewhere than on POSIX systems, neither owner nor mode is told.
  if (process.platform === 'win32') return;
  const me = process.geteuid?.();
  if (found.uid !== me) {
    throw storeError(
      `${path}: it belongs to user ${found.uid} and this process is of user ${me}. Name another.`,
    );
  }
  if (found.mode & 0o077) {
    const mode = (found.mode & 0o777).toString(8);
    throw storeError(
      `${path}: other users have permissions on it (mode ${mode}), and tokens may have been seen by them. ` +
        `Check who uses it, then: ${remedy} ${path}`,
    );
  }
}
