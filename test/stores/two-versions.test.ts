import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import axios from 'axios';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AuthRefreshEvent, attachAuthRefresh, type SharedTokenStore } from '../../src/index.ts';
import { fileStore } from '../../src/stores/file/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { startFixture } from '../support/fixture.ts';
import { describeWithRedisServer } from '../support/redis.ts';
import { startRotatingServer } from '../support/rotating-server.ts';
import type { Round } from '../support/shared-token-script.ts';
import { newStoreLocation, type StoreKind } from '../support/store-location.ts';
import { unpackVersion01 } from '../support/version-0.1.ts';

const SCRIPT = resolve(import.meta.dirname, '../support/two-versions-script.ts');

/** Starts two processes of version 0.1.0 and two of this version, which share a store. */
async function startProcesses(modules: string, url: string, kind: StoreKind, refreshToken = '') {
  const location = await newStoreLocation(kind);
  const versions = [modules, 'new', modules, 'new'];
  const children = versions.map((version) =>
    fork(SCRIPT, [version, url, kind, location, refreshToken], { execArgv: ['--import', 'tsx'] }),
  );
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  await Promise.all(children.map((child) => once(child, 'message')));
  return children;
}

async function send(child: ChildProcess, requests: number): Promise<Round> {
  child.send(requests);
  const [round] = await once(child, 'message');
  return round as Round;
}

function describeShared(kind: StoreKind) {
  const modules = unpackVersion01();

  it('fetch one token for each revocation, and no request or store fails', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 20;
    const children = await startProcesses(modules, `${fixture.url}/oauth`, kind);
    for (let round = 1; round <= 4; round++) {
      const rounds = await Promise.all(children.map((child) => send(child, 20)));
      expect(rounds.flatMap(({ answers }) => answers.filter((answer) => answer !== 200))).toEqual([]);
      expect(
        rounds.flatMap(({ events }) => events.filter((event) => event.startsWith('store-failed'))),
      ).toEqual([]);
      expect(fixture.tokenRequests).toHaveLength(round);
      fixture.revokeAll();
    }
  });

  it('use each refresh token once, in any order', async () => {
    const server = await startRotatingServer();
    const children = await startProcesses(modules, server.url, kind, server.authorize());
    const [oldest, one, other, newest] = children as [ChildProcess, ChildProcess, ChildProcess, ChildProcess];
    for (const child of [oldest, one, one, other, newest, oldest, oldest, one]) {
      expect(await send(child, 3)).toMatchObject({ answers: [200, 200, 200] });
      server.revokeAccess();
    }
    for (let round = 0; round < 4; round++) {
      const rounds = await Promise.all(children.map((child) => send(child, 5)));
      expect(rounds.flatMap(({ answers }) => answers.filter((answer) => answer !== 200))).toEqual([]);
      server.revokeAccess();
    }
    expect(server.revokedGrants.size).toBe(0);
    expect(new Set(server.used).size).toBe(server.used.length);
  });
}

describe('processes of version 0.1.0 and of this version', () => {
  describe('with the file store', () => describeShared('kernel'));
  describe('with the file store and a lease', () => describeShared('lease'));
  describeWithRedisServer('with Redis', () => describeShared('redis'));
});

/** Sends a request with a store that contains data of a newer version. @returns the messages of the events about the store. */
async function requestWith(store: SharedTokenStore) {
  const fixture = await startFixture();
  const api = axios.create({ baseURL: fixture.url, proxy: false });
  const messages: string[] = [];
  const onEvent = (event: AuthRefreshEvent) => {
    if (event.type === 'store-failed') messages.push(event.error.message);
  };
  const vendor = { ...fixture.vendor(), tokenKey: 'client' };
  onTestFinished(attachAuthRefresh(api, { vendor, store, retry: false, onEvent }).detach);
  return {
    async get() {
      messages.length = 0;
      expect((await api.get('/data')).status).toBe(200);
      return messages;
    },
    revokeAll: fixture.revokeAll,
  };
}

const NEWER = /has version 2, which a newer version of axios-oauth-refresh wrote.*Upgrade this process/;

describe('data of a newer version', () => {
  it.each(['kernel', 'lease'] as const)(
    'is left unchanged and named in an event by the file store with a %s',
    async (lock) => {
      const directory = await newStoreLocation(lock);
      const open = () => fileStore({ directory, lock });
      const client = await requestWith(open());
      expect(await client.get()).toEqual([]);
      const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith('.json'));
      const path = join(directory, name);
      const { digest, ...value } = JSON.parse(await readFile(path, 'utf8'));
      const text = JSON.stringify({ ...value, version: 2, key: 'a name of the next version' });
      await writeFile(path, text);
      client.revokeAll();
      expect((await client.get()).join()).toMatch(NEWER);
      const store = open();
      const key = name.replace('.json', '');
      const stored = { token: { accessToken: 'a', refreshAt: 1, expiresAt: 2 }, fence: 2 ** 52 };
      await expect(store.set(key, stored)).rejects.toThrow(NEWER);
      expect(await readFile(path, 'utf8')).toBe(text);
      expect((await readdir(directory)).filter((file) => file.includes('damaged'))).toEqual([]);
    },
  );

  it('is left unchanged by the file store if it is a lock', async () => {
    const directory = await newStoreLocation('lease');
    const store = fileStore({ directory, lock: 'lease' });
    await store.get('key');
    const path = join(directory, 'key.lease');
    await writeFile(path, JSON.stringify({ version: 2, id: 'x', process: 'of the next version' }), {
      mode: 0o600,
    });
    const options = { duration: 1, signal: new AbortController().signal, stopWaitingWith: () => undefined };
    await expect(store.withLock('key', options, async () => 'worked')).rejects.toThrow(NEWER);
    expect(JSON.parse(await readFile(path, 'utf8')).version).toBe(2);
  });

  describeWithRedisServer('in Redis', () => {
    it('is left unchanged and named in an event', async () => {
      const url = await newStoreLocation('redis');
      const store = redisStore({ url });
      const client = await requestWith(store);
      expect(await client.get()).toEqual([]);
      const redis = new Redis(url);
      onTestFinished(() => redis.disconnect());
      const [key = ''] = await redis.keys('*:token');
      const text = JSON.stringify({ version: 2, next: 'a member of the next version' });
      await redis.hset(key, 'value', text);
      client.revokeAll();
      expect((await client.get()).join()).toMatch(NEWER);
      const stored = { token: { accessToken: 'a', refreshAt: 1, expiresAt: 2 }, fence: 2 ** 52 };
      await expect(store.set(key.replace(/.*{(.*)}.*/, '$1'), stored)).rejects.toThrow(NEWER);
      expect(await redis.hget(key, 'value')).toBe(text);
    });
  });
});
