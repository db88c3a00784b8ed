import type { Stats } from 'node:fs';
import { describeFileError } from '../../core/node/index.ts';
import { BatchError } from '../errors.ts';

const RESUME = 'Free some space, then run the same command again to resume from the checkpoint.';
const ADVICE = { ENOSPC: RESUME, EDQUOT: RESUME };

/** Makes a {@link BatchError} of an error of the file system. A {@link BatchError} is returned unchanged. */
export function fileError(path: string, thrown: unknown): BatchError {
  if (thrown instanceof BatchError) return thrown;
  return new BatchError(describeFileError(path, thrown, ADVICE), 'ERR_OUTPUT', { cause: thrown });
}

/**
 * Refuses a path that exists and is not a regular file, because only a file can be truncated to a checkpoint or renamed.
 *
 * @throws BatchError `ERR_OUTPUT`
 */
export function refuseNonFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const what = found.isDirectory() ? 'a directory' : 'a device or a pipe';
  throw new BatchError(`${path} is ${what}. Choose a file.`, 'ERR_OUTPUT', { resumable: false });
}
