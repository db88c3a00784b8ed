import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { type FileStoreOptions, fileStore } from '../../../src/stores/file/file-store.ts';
import { tokenStoreContract } from '../../../src/testing/store-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'file-store-'));
afterAll(() => rmSync(root, { recursive: true }));

const kinds: Record<string, FileStoreOptions> = {
  'the kernel lock': { lock: 'kernel' },
  'the kernel lock and encryption': { lock: 'kernel', encryptionKey: () => new Uint8Array(32).fill(7) },
  'a lease': { lock: 'lease' },
};

describe.each(Object.entries(kinds))('fileStore with %s', (name, options) => {
  const directory = join(root, name, 'created by the store');
  for (const { name, run } of tokenStoreContract(() => fileStore({ ...options, directory }))) it(name, run);
});
