import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { refuseOthers } from './directory.ts';
import { fileError, storeError } from './error.ts';

// Some systems lack O_NOFOLLOW. Without O_NONBLOCK, opening a pipe would wait for its other end.
const SAFE_FLAGS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for reading and writing. Creates the file if it does not exist.
 *
 * @throws TokenStoreError if the path is not a file that only this user can access.
 */
export async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return (await openOwn(path, constants.O_RDWR | constants.O_CREAT)).file;
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Reads a text file, up to `maxBytes`.
 *
 * @returns undefined if the file does not exist.
 * @throws TokenStoreError if the path is not a file that only this user can access.
 */
export async function readOwn(path: string, maxBytes: number): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    const opened = await openOwn(path, constants.O_RDONLY);
    file = opened.file;
    return await readStart(file, Math.min(opened.size, maxBytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(path, error);
  } finally {
    await file?.close();
  }
}

/** Opens a file, then checks the open file: a check of the path could see a different file. */
async function openOwn(path: string, flags: number): Promise<{ file: FileHandle; size: number }> {
  const file = await open(path, flags | SAFE_FLAGS, 0o600);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw storeError(`${path}: the path is not a regular file. Remove it.`);
    if (found.nlink > 1) {
      throw storeError(
        `${path}: the file has another name (a hard link), through which it may be read. Remove the file.`,
      );
    }
    refuseOthers(path, found, 'chmod 600');
    return { file, size: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a file from its start, whatever its current position is. */
export async function readStart(file: FileHandle, maxBytes: number): Promise<string> {
  const bytes = Buffer.alloc(maxBytes);
  let length = 0;
  for (let read = 1; read > 0 && length < maxBytes; length += read) {
    read = (await file.read(bytes, length, maxBytes - length, length)).bytesRead;
  }
  return bytes.toString('utf8', 0, length);
}
