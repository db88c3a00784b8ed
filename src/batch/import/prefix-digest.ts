import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { inputError } from './input.ts';
import type { ImportState } from './state.ts';

/** Computes the SHA-256 of growing prefixes of a file. */
export interface PrefixDigest {
  /**
   * @param offset length of the prefix in bytes; never less than in the call before.
   * @returns the digest in hexadecimal.
   * @throws BatchError `ERR_INPUT_CHANGED` if the file is shorter.
   */
  upTo(offset: number): Promise<string>;
  /** Returns how the file differs from what was read; undefined if the file still begins with it. */
  differenceFrom(read: ImportState['begun']): Promise<string | undefined>;
  close(): Promise<void>;
}

const CHUNK = 1_048_576;

/** Opens a file to digest. Reading the file a second time is cheap because of the page cache. */
export async function openPrefixDigest(path: string): Promise<PrefixDigest> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw inputError(path, error);
  });
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  let done = 0;

  /** Returns whether the file has so many bytes. */
  async function digestTo(offset: number): Promise<boolean> {
    while (done < offset) {
      const { bytesRead } = await file
        .read(buffer, 0, Math.min(CHUNK, offset - done), done)
        .catch((error: unknown) => {
          throw inputError(path, error);
        });
      if (bytesRead === 0) return false;
      hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
    return true;
  }

  return {
    async upTo(offset) {
      if (!(await digestTo(offset))) throw inputChanged(path, endsAt(done));
      return hash.copy().digest('hex');
    },
    async differenceFrom({ offset, digest }) {
      if (offset === 0) return undefined;
      if (!(await digestTo(offset))) return endsAt(done);
      return hash.copy().digest('hex') === digest ? undefined : `its first ${offset} bytes differ`;
    },
    close: () => file.close(),
  };
}

function endsAt(offset: number): string {
  return `it ends at byte ${offset}`;
}

/** Returns the error for an input whose imported part has changed. */
export function inputChanged(path: string, how: string): BatchError {
  return new BatchError(
    `${path} has changed since the import began: ${how}. Restore the part that was already sent; only later lines may ` +
      'change. To import another file, use another file name, or set restart (--restart) to start over.',
    'ERR_INPUT_CHANGED',
  );
}
