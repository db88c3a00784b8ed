import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StoredToken } from '../../core/index.ts';
import { messageOf } from '../../core/internal.ts';
import { loadPeer } from '../../core/node/index.ts';
import { decode, encode } from './contents.ts';
import { fileError, storeError } from './error.ts';
import { readOwn } from './own-file.ts';

// The store never writes a longer file.
const MAX_BYTES = 1_000_000;

/** The content of a token file. Both members are unset if the file does not exist. */
export interface Found {
  readonly stored?: StoredToken | undefined;
  readonly damaged?: boolean;
}

/** @throws TokenStoreError if other users can access the file, or if the file cannot be decrypted. */
export async function readTokenFile(
  path: string,
  key: string,
  secret: Uint8Array | undefined,
): Promise<Found> {
  const text = await readOwn(path, MAX_BYTES);
  if (text === undefined) return {};
  const stored = decode(path, text, key, secret);
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
  secret: Uint8Array | undefined,
  verify: () => Promise<void>,
): Promise<void> {
  const text = encode(key, stored, secret);
  const writeFileAtomic = await loadWriter();
  // write-file-atomic accepts a partial write when the disk is full, so this function writes the text.
  const fill = async (temporary: string) => {
    await writeFile(temporary, text, { flag: 'r+' });
    await verify();
  };
  await writeFileAtomic(path, '', { mode: 0o600, tmpfileCreated: fill }).catch((error: unknown) => {
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

async function loadWriter() {
  const peer = { name: 'write-file-atomic', neededBy: 'the file store', install: 'write-file-atomic@7' };
  const loaded = await loadPeer(peer, () => import('write-file-atomic')).catch((error: unknown) => {
    throw storeError(messageOf(error));
  });
  return loaded.default;
}
