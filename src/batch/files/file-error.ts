import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { BatchError } from '../errors.ts';

/** Says what the file system said, and what to do about it. A {@link BatchError} is left as it is. */
export function fileError(path: string, thrown: unknown): BatchError {
  if (thrown instanceof BatchError) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code ?? '';
  return new BatchError(`${path}: ${advice(path, code, thrown)}`, 'ERR_OUTPUT', { cause: thrown });
}

function advice(path: string, code: string, thrown: unknown): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free some space and run the same again: it goes on from its checkpoint.';
    case 'ENOENT':
      return `the directory ${dirname(path)} does not exist. Create it, or choose another.`;
    case 'EROFS':
      return 'the file system is read-only. Choose another directory.';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read or write it. Check who owns the file and its directory, or choose another.';
    case 'EISDIR':
      return 'it is a directory. Name a file in it.';
    case 'ENOTDIR':
      return `${dirname(path)} is not a directory.`;
    case 'EFBIG':
      return 'the file is larger than the file system or the process limit allows.';
    default:
      return messageOf(thrown);
  }
}

/**
 * Refuses what is there but cannot be cut back to a checkpoint or moved away like a file. What is not there may be made.
 *
 * @throws BatchError `ERR_OUTPUT`
 */
export function refuseNoFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const what = found.isDirectory() ? 'a directory. Name a file in it' : 'a device or a pipe. Name a file';
  throw new BatchError(`${path}: it is ${what}.`, 'ERR_OUTPUT', { resumable: false });
}
