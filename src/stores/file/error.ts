import { dirname } from 'node:path';
import { messageOf, TokenStoreError } from '../../core/errors.ts';

/** An error of the file store: what is wrong, and what to do about it. */
export function storeError(message: string): TokenStoreError {
  return new TokenStoreError(message, { code: 'ERR_TOKEN_STORE' });
}

/** Says what the file system said, and what to do about it. An error of the store is left as it is. */
export function fileError(path: string, thrown: unknown): TokenStoreError {
  if (thrown instanceof TokenStoreError) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code ?? '';
  return storeError(`${path}: ${advice(path, code, thrown)}`);
}

function advice(path: string, code: string, thrown: unknown): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free some space; the token that was there is kept.';
    case 'EFBIG':
      return 'the file is larger than the process may write (ulimit -f); the token that was there is kept.';
    case 'EROFS':
      return 'the file system is read-only. Name another directory.';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read or write it. Check who owns it and its directory, or name another directory.';
    case 'ELOOP':
    case 'EMLINK':
      return 'it is a link, and might lead to a file of somebody else. Remove it.';
    case 'EISDIR':
      return 'it is a directory. Remove it.';
    case 'ENXIO':
      return 'it is a pipe or a device. Remove it.';
    case 'ENOENT':
      return `the directory ${dirname(path)} is gone. Create it again, or restart.`;
    case 'ENOTDIR':
      return `a part of ${dirname(path)} is no directory. Name another directory.`;
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open. Raise the limit (ulimit -n) or close some.';
    default:
      return messageOf(thrown);
  }
}
