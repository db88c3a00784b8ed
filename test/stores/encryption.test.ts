import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SharedTokenStore } from '../../src/core/token-store.ts';
import type { EncryptionOptions } from '../../src/stores/encryption.ts';
import { fileStore } from '../../src/stores/file/file-store.ts';
import { redisStore } from '../../src/stores/redis/redis-store.ts';
import { storeKey } from '../../src/token/store-key.ts';
import { ownDirectory } from '../support/file-store.ts';
import { startFixture } from '../support/fixture.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { aStored, KEY, waiting } from '../support/redis-stores.ts';

/** Stores of one kind that share their tokens, and what they have stored. */
interface Place {
  open(options?: EncryptionOptions): SharedTokenStore;
  /** Returns the stored text. */
  read(key?: string): Promise<string>;
  write(text: string, key?: string): Promise<unknown>;
}

const TOKEN = 'the-secret-access-token';
const key = { encryptionKey: () => new Uint8Array(32).fill(7) };
const otherKey = { encryptionKey: async () => new Uint8Array(32).fill(8) };
const migrating = { ...key, migratePlainText: true };

/** How a token was stored, how the store is opened, and what the error says; undefined if the store uses the token. */
type Case = [stored: string, opened: string, EncryptionOptions, EncryptionOptions, error: RegExp | undefined];

const foreign = { ...otherKey, migratePlainText: true };
const cases: Case[] = [
  ['in plain text', 'without a key', {}, {}, undefined],
  ['in plain text', 'with a key', {}, key, /is a token in plain text.*set migratePlainText: true/],
  ['in plain text', 'with a key and migratePlainText', {}, migrating, undefined],
  ['encrypted', 'with the same key', key, key, undefined],
  ['encrypted', 'with the same key and migratePlainText', key, migrating, undefined],
  ['encrypted', 'without a key', key, {}, /is encrypted\. Set encryptionKey/],
  ['encrypted', 'with another key', key, otherKey, /is encrypted with another key.*same key in all/],
  ['encrypted', 'with another key and migratePlainText', key, foreign, /is encrypted with another key/],
];

async function fileStores(): Promise<Place> {
  const directory = await ownDirectory(onTestFinished);
  const pathOf = (name: string) => join(directory, `${name}.json`);
  return {
    open: (options) => fileStore({ directory, lock: 'kernel', ...options }),
    read: (name = KEY) => readFile(pathOf(name), 'utf8'),
    write: (text, name = KEY) => writeFile(pathOf(name), text, { mode: 0o600 }),
  };
}

let prefixes = 0;

async function redisStores({ url, prefix }: { url: string; prefix: string }): Promise<Place> {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  const own = `${prefix}-${++prefixes}`;
  const nameOf = (name: string) => `${own}:{${name}}:token`;
  return {
    open: (options) => redisStore({ client, prefix: own, ...options }),
    read: async (name = KEY) => (await client.hget(nameOf(name), 'value')) ?? '',
    write: (value, name = KEY) => client.hset(nameOf(name), { fence: '5', value }),
  };
}

function encryptionTests(start: () => Promise<Place>): void {
  it.each(cases)('that was stored %s: opened %s', async (_, __, writer, reader, error) => {
    const { open, read } = await start();
    const stored = aStored(TOKEN, 5);
    expect(await open(writer).set(KEY, stored)).toBe(true);
    const before = await read();
    const store = open(reader);
    const lock = () => store.withLock(KEY, waiting<string>(), async () => 'worked');
    if (!error) {
      expect(await store.get(KEY)).toEqual(stored);
      expect(await lock()).toBe('worked');
      expect(await store.set(KEY, aStored(TOKEN, 6))).toBe(true);
      expect((await read()).includes(TOKEN)).toBe(reader.encryptionKey === undefined);
      expect((await store.get(KEY))?.fence).toBe(6);
      return;
    }
    await expect(store.get(KEY)).rejects.toThrow(error);
    await expect(store.set(KEY, aStored(TOKEN, 6))).rejects.toThrow(error);
    await expect(lock()).rejects.toThrow(error);
    await expect(lock()).rejects.not.toThrow(TOKEN);
    expect(await read()).toBe(before);
    // The refused call has left no lock behind.
    expect(await open(writer).withLock(KEY, waiting<string>(), async () => 'free')).toBe('free');
  });

  it('refuses plain text that replaces a token after its migration', async () => {
    const { open, read, write } = await start();
    await open().set(KEY, aStored(TOKEN, 5));
    const plain = await read();
    const store = open(migrating);
    expect((await store.get(KEY))?.token.accessToken).toBe(TOKEN);
    expect(await store.set(KEY, aStored(TOKEN, 6))).toBe(true);
    await write(plain);
    await expect(store.get(KEY)).rejects.toThrow(/in plain text/);
    expect(await read()).toBe(plain);
  });

  it('uses no encrypted token that was copied from another entry', async () => {
    const { open, read, write } = await start();
    const store = open(key);
    const other = 'o'.repeat(43);
    await store.set(other, aStored(TOKEN, 5));
    await write((await read(other)).replaceAll(other, KEY));
    // The file store sets a damaged token aside, the Redis store rejects.
    expect(await store.get(KEY).catch(() => undefined)).toBeUndefined();
  });

  it.each([
    ['fetch', 'continues without the store', 200],
    ['fail', 'fails', 'ERR_TOKEN_STORE'],
  ] as const)(
    "reports plain text in an event, and with onStoreFailure '%s' a request %s",
    async (onStoreFailure, _, outcome) => {
      const { open, read } = await start();
      const fixture = await startFixture();
      const entry = await storeKey(fixture.vendor());
      await open().set(entry, aStored(TOKEN, 5));
      const before = await read(entry);
      const { api, events } = fixture.attach({ store: open(key), onStoreFailure, retry: false });
      expect(
        await api.get('/data').then(
          ({ status }) => status,
          ({ code }) => code,
        ),
      ).toBe(outcome);
      expect(events.find(({ type }) => type === 'store-failed')).toMatchObject({
        operation: 'get',
        error: {
          name: 'TokenStoreError',
          message: expect.stringMatching(`${entry}.*migratePlainText: true`),
        },
      });
      expect(await read(entry)).toBe(before);
    },
  );

  it('throws one error that lists every invalid option', async () => {
    const { open } = await start();
    const bad = { encryptionKey: 'text', migratePlainText: 1 } as unknown as EncryptionOptions;
    expect(() => open(bad)).toThrow(/encryptionKey must be a function.*migratePlainText must be a boolean/);
    expect(() => open({ migratePlainText: true })).toThrow(/migratePlainText requires encryptionKey/);
  });
}

describe('a token of fileStore', () => encryptionTests(fileStores));

describeWithRedis('a token of redisStore', () => {
  const redis = useRedis();
  encryptionTests(() => redisStores(redis));
});
