import { TokenStoreError } from '../../core/index.ts';
import { describeFileError } from '../../core/node/index.ts';

/** An error of the file store. */
export function storeError(message: string): TokenStoreError {
  return new TokenStoreError(message, { code: 'ERR_TOKEN_STORE' });
}

const KEPT = 'Free some space. The previous token is kept.';
const ADVICE = {
  ENOSPC: KEPT,
  EDQUOT: KEPT,
  EFBIG: 'Raise the limit (ulimit -f). The previous token is kept.',
  EISDIR: 'Remove the directory.',
  ENOENT: 'Create the directory again, or restart the process.',
};

/** Makes a TokenStoreError of an error of the file system. A TokenStoreError is returned unchanged. */
export function fileError(path: string, thrown: unknown): TokenStoreError {
  return thrown instanceof TokenStoreError ? thrown : storeError(describeFileError(path, thrown, ADVICE));
}
