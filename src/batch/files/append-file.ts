import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../core/node/index.ts';
import { BatchError } from '../errors.ts';
import { fileError, refuseNonFile } from './file-error.ts';

/** A file that is only appended to, and can be truncated to an earlier length. */
export interface AppendFile {
  /** Length in bytes, including buffered bytes. */
  readonly length: number;
  /** Resolves when the buffer has room. A write error may surface on a later call, at the latest on `sync`. */
  append(data: string | Uint8Array): Promise<void>;
  /** Resolves when all bytes are on the disk. */
  sync(): Promise<void>;
  /** Closes the file. Bytes that were appended after the last `sync` may be lost. */
  close(): Promise<void>;
}

// In bytes: enough to keep the disk busy while the next page is prepared.
const MAX_BUFFERED = 1024 * 1024;

/**
 * Opens a file, truncates it to its first `length` bytes, and appends there.
 *
 * @param length 0 also creates a missing file.
 * @param mode the mode of the file, also of an existing one. @default 0o666 without the bits of the umask for a created file
 * @throws BatchError `ERR_OUTPUT_SHORT` if the file has fewer bytes, `ERR_OUTPUT` for errors of the file system.
 */
export async function openAppendFile(path: string, length: number, mode?: number): Promise<AppendFile> {
  if (!(Number.isSafeInteger(length) && length >= 0)) throw invalidLength(path, length);
  const flags = constants.O_RDWR | (length === 0 ? constants.O_CREAT : 0);
  const file = await open(path, flags, mode).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' && length > 0 ? tooShort(path, length, 0) : fileError(path, error);
  });
  try {
    const found = await file.stat();
    refuseNonFile(path, found);
    if (found.size < length) throw tooShort(path, length, found.size);
    if (mode !== undefined) await file.chmod(mode);
    await file.truncate(length);
    if (length === 0) await syncDirectory(dirname(path));
  } catch (error) {
    await file.close();
    throw fileError(path, error);
  }
  return appendTo(file, path, length);
}

function appendTo(file: FileHandle, path: string, start: number): AppendFile {
  let written = start;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let failure: BatchError | undefined;
  let writing: Promise<void> | undefined;

  async function writeOut(): Promise<void> {
    try {
      while (waitingBytes > 0) {
        const bytes = waiting.length === 1 ? (waiting[0] as Uint8Array) : Buffer.concat(waiting);
        waiting = [];
        // A full disk writes a part first, and reports the error only for the rest.
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, written);
          done += bytesWritten;
          written += bytesWritten;
          waitingBytes -= bytesWritten;
        }
      }
    } catch (error) {
      failure = fileError(path, error);
    } finally {
      writing = undefined;
    }
  }

  async function allWritten(): Promise<void> {
    while (writing) await writing;
    if (failure) throw failure;
  }

  return {
    get length() {
      return written + waitingBytes;
    },
    async append(data) {
      if (failure) throw failure;
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      if (bytes.length === 0) return;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      writing ??= writeOut();
      if (waitingBytes > MAX_BUFFERED) await allWritten();
    },
    async sync() {
      await allWritten();
      await file.datasync().catch((error: unknown) => {
        failure = fileError(path, error);
        throw failure;
      });
    },
    async close() {
      while (writing) await writing;
      await file.close();
    },
  };
}

function invalidLength(path: string, length: unknown): BatchError {
  return new BatchError(
    `the checkpoint of ${path} says ${JSON.stringify(length)}, which is not the length of a file: it was changed. Restore the checkpoint ` +
      'from a backup, or set restart (--restart) to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}

function tooShort(path: string, expected: number, found: number): BatchError {
  return new BatchError(
    `${path} has ${found} bytes, but its checkpoint says ${expected}: the file was truncated, replaced or removed since. ` +
      'Restore the file, or set restart (--restart) to start over; the existing files are renamed.',
    'ERR_OUTPUT_SHORT',
  );
}
