import { randomBytes } from 'node:crypto';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EncryptionKey } from '../../../src/stores/encryption.ts';
import { fileStore } from '../../../src/stores/file/file-store.ts';
import { aToken, ownDirectory, theKey, waiting } from '../../support/file-store.ts';

const secret = () => new Uint8Array(32).fill(7);
const otherSecret = () => new Uint8Array(32).fill(8);

async function withToken(encryptionKey?: EncryptionKey) {
  const directory = await ownDirectory(onTestFinished);
  const open = (key?: EncryptionKey) =>
    fileStore({ directory, lock: 'kernel', ...(key && { encryptionKey: key }) });
  const store = open(encryptionKey);
  const stored = aToken('the secret token', 5);
  await store.set(theKey, stored);
  const path = join(directory, `${theKey}.json`);
  return { directory, open, store, stored, path, text: await readFile(path, 'utf8') };
}

describe.each([
  ['an unencrypted', undefined],
  ['an encrypted', secret],
])('fileStore with %s file', (_, key) => {
  it('returns the complete token or none after any damage, and renames the damaged file', async () => {
    const { directory, path, store, stored, text } = await withToken(key);
    const bytes = Buffer.from(text);
    const damage = fc.oneof(
      fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
      fc.nat(bytes.length * 8 - 1).map((bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return changed;
      }),
      fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)),
      fc.json().map((json) => Buffer.from(json)),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (damaged) => {
        await writeFile(path, damaged, { mode: 0o600 });
        const found = await store.get(theKey);
        if (found) {
          expect(found).toEqual(stored);
          return;
        }
        expect((await readdir(directory)).filter((name) => name.startsWith(`${theKey}.json`))).toEqual([
          `${theKey}.json.damaged`,
        ]);
        expect(await readFile(`${path}.damaged`)).toEqual(damaged);
      }),
      { numRuns: 300 },
    );
    expect(await store.set(theKey, stored)).toBe(true);
    expect(await store.get(theKey)).toEqual(stored);
  });

  it.each([2, 10, 99])('leaves a file unchanged that differs only in its version %i', async (version) => {
    const { directory, path, store, stored, text } = await withToken(key);
    const newer = text.replace('"version":1', `"version":${version}`);
    await writeFile(path, newer);
    const message = `has version ${version}, which a newer version of axios-oauth-refresh wrote`;
    await expect(store.get(theKey)).rejects.toThrow(message);
    await expect(store.set(theKey, { ...stored, fence: 9 })).rejects.toThrow(message);
    await expect(store.withLock(theKey, waiting(), async () => {})).rejects.toThrow(message);
    expect(await readFile(path, 'utf8')).toBe(newer);
    expect(await readdir(directory)).not.toContain(`${theKey}.json.damaged`);
  });

  it('renames a damaged file at a write, too', async () => {
    const { path, store, stored, text } = await withToken(key);
    await writeFile(path, text.slice(0, -20));
    expect(await store.set(theKey, { ...stored, fence: 3 })).toBe(true);
    expect((await store.get(theKey))?.fence).toBe(3);
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(text.slice(0, -20));
  });

  it('ignores a file that was copied to the name of another key', async () => {
    const { directory, path, store } = await withToken(key);
    const other = 'o'.repeat(43);
    await copyFile(path, join(directory, `${other}.json`));
    expect(await store.get(other)).toBeUndefined();
  });

  it('gives greater fences than the fence of the token, even if the clock was set back', async () => {
    const { store, stored } = await withToken(key);
    const fence = Date.now() * 1_000 + 3_600_000_000;
    await store.set(theKey, { ...stored, fence });
    for (const next of [1, 2, 3]) {
      expect(await store.withLock(theKey, waiting(), async (lock) => lock.fence)).toBe(fence + next);
    }
  });
});

describe('fileStore with encryptionKey', () => {
  it('writes neither the token nor the key in plain text', async () => {
    const { text, open, stored } = await withToken(secret);
    expect(text).not.toContain('secret token');
    expect(text).not.toContain(Buffer.from(secret()).toString('base64url').slice(0, 20));
    expect(Object.keys(JSON.parse(text))).toEqual([
      ...['version', 'key', 'fence', 'cipher', 'keyId', 'iv', 'tag', 'data'],
    ]);
    expect(await open(async () => secret()).get(theKey)).toEqual(stored);
  });

  it('rejects and keeps the file if the file is encrypted with another key', async () => {
    const { directory, path, open, text } = await withToken(secret);
    const store = open(otherSecret);
    const message = /encrypted with another key.*remove the file/;
    await expect(store.get(theKey)).rejects.toThrow(message);
    await expect(store.set(theKey, aToken('new', 9))).rejects.toThrow(message);
    await expect(store.withLock(theKey, waiting(), async () => {})).rejects.toThrow(message);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(directory)).not.toContain(`${theKey}.json.damaged`);
  });

  it('rejects and keeps an encrypted file if encryptionKey is missing', async () => {
    const { path, open, text } = await withToken(secret);
    const store = open();
    await expect(store.get(theKey)).rejects.toThrow(/the file is encrypted\. Set encryptionKey/);
    await expect(store.set(theKey, aToken('new', 9))).rejects.toThrow(
      /the file is encrypted\. Set encryptionKey/,
    );
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('ignores a token whose fence was changed', async () => {
    const { path, store, text } = await withToken(secret);
    await writeFile(path, text.replace('"fence":5', '"fence":6'));
    expect(await store.get(theKey)).toBeUndefined();
  });

  const bad: [string, RegExp, () => unknown][] = [
    ['fails', /encryptionKey failed: no vault/, () => Promise.reject(new Error('no vault'))],
    ['returns text', /must return a Uint8Array/, () => 'x'.repeat(32)],
    ['returns 16 bytes', /must return 32 bytes, but returned 16/, () => randomBytes(16)],
    ['returns undefined', /must return a Uint8Array/, () => undefined],
  ];
  it.each(bad)('rejects if encryptionKey %s', async (_, message, key) => {
    const { open } = await withToken();
    const store = open(key as EncryptionKey);
    await expect(store.get(theKey)).rejects.toThrow(message);
    await expect(store.set(theKey, aToken('new', 9))).rejects.toThrow(message);
  });
});
