import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './durable-file.ts';
import { BatchError } from './errors.ts';
import { fileError, refuseNoFile } from './file-error.ts';

/** A file that only grows, and can be cut back to where it once ended. */
export interface AppendFile {
  /** Bytes so far. */
  readonly length: number;
  append(data: string | Uint8Array): Promise<void>;
  /** Settles when all of it is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

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
    refuseNoFile(path, found);
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
  let length = start;
  return {
    get length() {
      return length;
    },
    async append(data) {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      try {
        // A full disk takes a part first, and says so only when asked to take the rest.
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, length);
          done += bytesWritten;
          length += bytesWritten;
        }
      } catch (error) {
        throw fileError(path, error);
      }
    },
    async sync() {
      await file.datasync().catch((error: unknown) => {
        throw fileError(path, error);
      });
    },
    close: () => file.close(),
  };
}

function tooShort(path: string, expected: number, found: number): BatchError {
  return new BatchError(
    `${path} has ${found} bytes, but its checkpoint says ${expected}: it was cut, replaced or removed since. ` +
      'Put it back as it was, or begin anew (restart), which keeps both under other names.',
    'ERR_OUTPUT_SHORT',
  );
}
