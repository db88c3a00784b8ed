import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { inputError } from './input.ts';

/** Computes the SHA-256 of the beginning of a file, each time further on. */
export interface PrefixDigest {
  /**
   * @param offset how many bytes; not fewer than the last time.
   * @returns in hexadecimal
   * @throws BatchError `ERR_INPUT_CHANGED` when the file is shorter.
   */
  upTo(offset: number): Promise<string>;
  close(): Promise<void>;
}

const CHUNK = 1_048_576;

/** Opens a file for that. It is read a second time, which the page cache makes cheap. */
export async function openPrefixDigest(path: string): Promise<PrefixDigest> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw inputError(path, error);
  });
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  let done = 0;
  return {
    async upTo(offset) {
      while (done < offset) {
        const { bytesRead } = await file
          .read(buffer, 0, Math.min(CHUNK, offset - done), done)
          .catch((error: unknown) => {
            throw inputError(path, error);
          });
        if (bytesRead === 0) throw inputChanged(path, `it ends at byte ${done}`);
        hash.update(buffer.subarray(0, bytesRead));
        done += bytesRead;
      }
      return hash.copy().digest('hex');
    },
    close: () => file.close(),
  };
}

/** The error of an input that is not the one that was begun with. */
export function inputChanged(path: string, how: string): BatchError {
  return new BatchError(
    `${path} is not what it was: ${how}, and its beginning was imported already. Put it back as it was; lines may only ` +
      'be mended or added behind what was sent. For another file take another name, or begin anew (restart).',
    'ERR_INPUT_CHANGED',
  );
}
