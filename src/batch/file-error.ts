import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import { BatchError } from './errors.ts';

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
      return 'no permission to write there. Check who owns the file and its directory, or choose another.';
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
