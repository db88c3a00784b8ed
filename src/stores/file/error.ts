import { TokenStoreError } from '../../core/index.ts';
import { describeFileError } from '../../core/node/index.ts';
import { storeError } from '../store-error.ts';

export { storeError };

const FREE_SPACE = 'Free some space. The previous token is kept.';
const ADVICE = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  EFBIG: 'Raise the limit (ulimit -f). The previous token is kept.',
  EISDIR: 'Remove the directory.',
  ENOENT: 'Create the directory again, or restart the process.',
};

/** Converts an error of the file system to a TokenStoreError. Returns a TokenStoreError unchanged. */
export function fileError(path: string, thrown: unknown): TokenStoreError {
  return thrown instanceof TokenStoreError ? thrown : storeError(describeFileError(path, thrown, ADVICE));
}
