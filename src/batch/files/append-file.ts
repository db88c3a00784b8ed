import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BatchError } from '../errors.ts';
import { syncDirectory } from './durable-file.ts';
import { fileError, refuseNonFile } from './file-error.ts';

/** A file that only grows, and can be cut back to where it once ended. */
export interface AppendFile {
  /** Bytes so far, those included that wait to be written. */
  readonly length: number;
  /** Settles when there is room for more. What the file system says can come to the next call, to `sync` at the latest. */
  append(data: string | Uint8Array): Promise<void>;
  /** Settles when all of it is on the disk. */
  sync(): Promise<void>;
  /** Lets go of it; what `sync` was not called for may be lost. */
  close(): Promise<void>;
}

// Enough that the disk has something to do while the next page is made, in bytes.
const MOST_WAITING = 1024 * 1024;

/**
 * Opens a file to go on behind its first `length` bytes; what is behind them is cut off.
 *
 * @param length 0 also makes a file that is not there.
 * @param mode of a file that is made.
 * @throws BatchError `ERR_OUTPUT_SHORT` when the file has fewer bytes, `ERR_OUTPUT` for what the file system says.
 */
export async function openAppendFile(path: string, length: number, mode = 0o666): Promise<AppendFile> {
  const flags = constants.O_RDWR | (length === 0 ? constants.O_CREAT : 0);
  const file = await open(path, flags, mode).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' && length > 0 ? tooShort(path, length, 0) : fileError(path, error);
  });
  try {
    const found = await file.stat();
    refuseNonFile(path, found);
    if (found.size < length) throw tooShort(path, length, found.size);
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
        // A full disk takes a part first, and says so only when asked to take the rest.
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
      if (waitingBytes > MOST_WAITING) await allWritten();
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

function tooShort(path: string, expected: number, found: number): BatchError {
  return new BatchError(
    `${path} has ${found} bytes, but its checkpoint says ${expected}: it was cut, replaced or removed since. ` +
      'Put it back as it was, or begin anew (restart), which keeps both under other names.',
    'ERR_OUTPUT_SHORT',
  );
}
