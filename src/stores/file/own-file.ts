import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { refuseOthers } from './directory.ts';
import { fileError, storeError } from './error.ts';

// Some systems lack the first. Without the second, opening a pipe would wait for its other end.
const SAFELY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for reading and writing, and makes it when it is not there.
 *
 * @throws TokenStoreError when it is not this user's alone.
 */
export async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return (await openOwn(path, constants.O_RDWR | constants.O_CREAT)).file;
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Reads a small text, and cuts off what is longer than so many bytes.
 *
 * @returns undefined when there is no such file.
 * @throws TokenStoreError when it is not this user's alone.
 */
export async function readOwn(path: string, most: number): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    const opened = await openOwn(path, constants.O_RDONLY);
    file = opened.file;
    return await readStart(file, Math.min(opened.size, most));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(path, error);
  } finally {
    await file?.close();
  }
}

/** What was opened is what is looked at: it cannot be exchanged in between. */
async function openOwn(path: string, flags: number): Promise<{ file: FileHandle; size: number }> {
  const file = await open(path, flags | SAFELY, 0o600);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw storeError(`${path}: it is no file. Remove it.`);
    if (found.nlink > 1) {
      throw storeError(
        `${path}: it has another name elsewhere (a hard link), under which it may be read. Remove it.`,
      );
    }
    refuseOthers(path, found, 'chmod 600');
    return { file, size: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a file from its start, wherever its position is. */
export async function readStart(file: FileHandle, most: number): Promise<string> {
  const bytes = Buffer.alloc(most);
  let length = 0;
  for (let read = 1; read > 0 && length < most; length += read) {
    read = (await file.read(bytes, length, most - length, length)).bytesRead;
  }
  return bytes.toString('utf8', 0, length);
}
