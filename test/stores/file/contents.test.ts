import { randomBytes } from 'node:crypto';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EncryptionKey } from '../../../src/stores/file/encryption.ts';
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
  ['plain', undefined],
  ['encrypted', secret],
])('a %s file', (_, key) => {
  test('that is damaged in any way gives its token whole or none, and is set aside', async () => {
    const { directory, path, store, stored, text } = await withToken(key);
    const bytes = Buffer.from(text);
    const damage = fc.oneof(
      fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
      fc.nat(bytes.length * 8 - 1).map((bit) => {
        const turned = Buffer.from(bytes);
        turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return turned;
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

  test('that is damaged is set aside by a write, too', async () => {
    const { path, store, stored, text } = await withToken(key);
    await writeFile(path, text.slice(0, -20));
    expect(await store.set(theKey, { ...stored, fence: 3 })).toBe(true);
    expect((await store.get(theKey))?.fence).toBe(3);
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(text.slice(0, -20));
  });

  test('that was copied to the name of another key gives nothing', async () => {
    const { directory, path, store } = await withToken(key);
    const other = 'o'.repeat(43);
    await copyFile(path, join(directory, `${other}.json`));
    expect(await store.get(other)).toBeUndefined();
  });

  test('is followed by greater fences, also when the clock was set back and the lock’s files are gone', async () => {
    const { store, stored } = await withToken(key);
    const fence = Date.now() * 1_000 + 3_600_000_000;
    await store.set(theKey, { ...stored, fence });
    for (const next of [1, 2, 3]) {
      expect(await store.withLock(theKey, waiting(), async (lock) => lock.fence)).toBe(fence + next);
    }
  });
});

describe('encryption', () => {
  test('shows neither token nor key', async () => {
    const { text, open, stored } = await withToken(secret);
    expect(text).not.toContain('secret token');
    expect(text).not.toContain(Buffer.from(secret()).toString('base64url').slice(0, 20));
    expect(Object.keys(JSON.parse(text))).toEqual([
      ...['version', 'key', 'fence', 'cipher', 'keyId', 'iv', 'tag', 'data'],
    ]);
    expect(await open(async () => secret()).get(theKey)).toEqual(stored);
  });

  test('with another key than the file’s is an error, and the file stays', async () => {
    const { directory, path, open, text } = await withToken(secret);
    const store = open(otherSecret);
    const message = /encrypted with another key.*remove the file/;
    await expect(store.get(theKey)).rejects.toThrow(message);
    await expect(store.set(theKey, aToken('new', 9))).rejects.toThrow(message);
    await expect(store.withLock(theKey, waiting(), async () => {})).rejects.toThrow(message);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(directory)).not.toContain(`${theKey}.json.damaged`);
  });

  test('without a key is an error, and the file stays', async () => {
    const { path, open, text } = await withToken(secret);
    const store = open();
    await expect(store.get(theKey)).rejects.toThrow(/it is encrypted\. Give/);
    await expect(store.set(theKey, aToken('new', 9))).rejects.toThrow(/it is encrypted\. Give/);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('begins with the next write where there was none', async () => {
    const { path, open, stored } = await withToken();
    const store = open(secret);
    expect(await store.get(theKey)).toEqual(stored);
    expect(await store.set(theKey, aToken('another token', 6))).toBe(true);
    expect(await readFile(path, 'utf8')).not.toContain('another token');
    expect((await store.get(theKey))?.token.accessToken).toBe('another token');
  });

  test('holds fence and key together with the token', async () => {
    const { path, store, text } = await withToken(secret);
    await writeFile(path, text.replace('"fence":5', '"fence":6'));
    expect(await store.get(theKey)).toBeUndefined();
  });

  const bad: [string, RegExp, () => unknown][] = [
    ['that fails', /encryptionKey failed: no vault/, () => Promise.reject(new Error('no vault'))],
    ['of text', /must return a Uint8Array/, () => 'x'.repeat(32)],
    ['of another length', /must return 32 bytes and returned 16/, () => randomBytes(16)],
    ['of nothing', /must return a Uint8Array/, () => undefined],
  ];
  test.each(bad)('with a key %s is an error', async (_, message, key) => {
    const { open } = await withToken();
    const store = open(key as EncryptionKey);
    await expect(store.get(theKey)).rejects.toThrow(message);
    await expect(store.set(theKey, aToken('new', 9))).rejects.toThrow(message);
  });
});
