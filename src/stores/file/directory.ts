import { lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileError, storeError } from './error.ts';

const NAME = 'axios-oauth-refresh';

/** Returns the directory for state by the XDG Base Directory Specification, or below `%LOCALAPPDATA%` on Windows. */
export function defaultDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { XDG_STATE_HOME = '', LOCALAPPDATA = '' } = environment;
  // The specification says that relative paths are ignored.
  if (isAbsolute(XDG_STATE_HOME)) return join(XDG_STATE_HOME, NAME);
  if (process.platform === 'win32') return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), NAME);
  return join(homedir(), '.local', 'state', NAME);
}

/**
 * Creates the directory if it does not exist.
 *
 * @throws TokenStoreError if the path is not a directory that only this user can access.
 */
export async function prepareDirectory(path: string): Promise<void> {
  const make = async () => {
    // If the file system is read-only, only the second call says so: the first one reports that a directory does not exist.
    await mkdir(path, { recursive: true, mode: 0o700 }).catch(() => mkdir(path, { mode: 0o700 }));
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
      `${path}: the path is a symbolic link, whose target other users may change. Choose the target directory.`,
    );
  }
  if (!found.isDirectory())
    throw storeError(`${path}: the path is not a directory. Choose another directory.`);
  refuseOthers(path, found, 'chmod 700');
}

/** @throws TokenStoreError if the file or directory belongs to another user, or if other users have any permission on it. */
export function refuseOthers(path: string, found: { uid: number; mode: number }, remedy: string): void {
  // Windows reports neither owner nor mode.
  if (process.platform === 'win32') return;
  const me = process.geteuid?.();
  if (found.uid !== me) {
    throw storeError(
      `${path}: the path belongs to user ${found.uid}, but this process runs as user ${me}. Choose another directory.`,
    );
  }
  if (found.mode & 0o077) {
    const mode = (found.mode & 0o777).toString(8);
    throw storeError(
      `${path}: other users have permissions on the path (mode ${mode}) and may have read tokens. ` +
        `Check who uses the path, then run: ${remedy} ${path}`,
    );
  }
}
