import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StoredToken } from '../../core/index.ts';
import { loadPeer, messageOf } from '../../core/internal.ts';
import { decode, encode } from './contents.ts';
import { fileError, storeError } from './error.ts';
import { readOwn } from './own-file.ts';

// Bytes. A file that is longer is none of ours.
const MOST = 1_000_000;

/** What was found in a token's file: nothing, a token, or damage. */
export interface Found {
  readonly stored?: StoredToken | undefined;
  readonly damaged?: boolean;
}

/** @throws TokenStoreError when the file is not safe, or cannot be decrypted. */
export async function readTokenFile(
  path: string,
  key: string,
  secret: Uint8Array | undefined,
): Promise<Found> {
  const text = await readOwn(path, MOST);
  if (text === undefined) return {};
  const stored = decode(path, text, key, secret);
  return { stored, damaged: !stored };
}

/** Keeps a damaged file for whoever wants to look at it; one, as it may hold a token. */
export async function setAside(path: string): Promise<void> {
  await rename(path, `${path}.damaged`).catch((error: unknown) => {
    throw fileError(path, error);
  });
}

/**
 * Replaces the file as a whole: readers find what was there or what is new.
 *
 * @param verify is called when the new file is made and not yet in its place, and rejects when it is not to be.
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
  // It takes part of a text for the whole when the disk has no room for the rest: the text is written here.
  const fill = async (temporary: string) => {
    await writeFile(temporary, text, { flag: 'r+' });
    await verify();
  };
  await writeFileAtomic(path, '', { mode: 0o600, tmpfileCreated: fill }).catch((error: unknown) => {
    throw fileError(path, error);
  });
}

/** Removes what writers that were killed left: it holds tokens. Nobody may be writing meanwhile. */
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
