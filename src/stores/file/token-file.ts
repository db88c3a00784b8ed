import { randomInt } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StoredToken } from '../../core/index.ts';
import { replaceFile } from '../../core/node/index.ts';
import type { Encryption } from '../encryption.ts';
import { decode, encode } from './contents.ts';
import { fileError } from './error.ts';
import { readOwn } from './own-file.ts';

// The store never writes a longer file.
const MAX_BYTES = 1_000_000;

/** The content of a token file. Both members are unset if the file does not exist. */
export interface Found {
  readonly stored?: StoredToken | undefined;
  readonly damaged?: boolean;
}

/** @throws TokenStoreError if other users can access the file, or if the file cannot be decrypted. */
export async function readTokenFile(path: string, key: string, encryption: Encryption): Promise<Found> {
  const text = await readOwn(path, MAX_BYTES);
  if (text === undefined) return {};
  const stored = decode(path, text, key, encryption);
  return { stored, damaged: !stored };
}

/** Renames a damaged file for diagnosis. Replaces an earlier damaged file, because each may contain a token. */
export async function setAside(path: string): Promise<void> {
  await rename(path, `${path}.damaged`).catch((error: unknown) => {
    throw fileError(path, error);
  });
}

/**
 * Replaces the file atomically.
 *
 * @param verify is called after the new file is written and before it replaces the old file. A rejection keeps the old file.
 */
export async function writeTokenFile(
  path: string,
  key: string,
  stored: StoredToken,
  encryption: Encryption,
  verify: () => Promise<void>,
): Promise<void> {
  // A suspended writer that has lost the write lock may still write its own temporary file.
  const temporary = `${path}.${randomInt(2 ** 47)}`;
  // An access token alone is fetched again after a power failure.
  const isDurable = stored.token.refreshToken !== undefined;
  const text = encode(key, stored, encryption);
  await replaceFile(path, text, { mode: 0o600, temporary, isDurable, verify }).catch((error: unknown) => {
    throw fileError(path, error);
  });
}

/** Removes the temporary files of killed writers, because they contain tokens. The caller must hold the write lock. */
export async function removeLeftovers(path: string): Promise<void> {
  const directory = dirname(path);
  const start = `${basename(path)}.`;
  try {
    const leftovers = (await readdir(directory)).filter(
      (name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)),
    );
    for (const name of leftovers) await rm(join(directory, name), { force: true });
  } catch (error) {
    throw fileError(directory, error);
  }
}
