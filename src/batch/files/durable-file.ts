import { replaceFile as replace } from '../../core/node/index.ts';
import { fileError } from './file-error.ts';

/**
 * Replaces the content of a file atomically. After a crash, the file contains either the old or the new text.
 *
 * @param mode of the new file.
 * @throws BatchError `ERR_OUTPUT`
 */
export async function replaceFile(path: string, text: string, mode?: number): Promise<void> {
  await replace(path, text, mode === undefined ? {} : { mode }).catch((error: unknown) => {
    throw fileError(path, error);
  });
}
