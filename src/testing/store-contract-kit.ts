import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { LockOptions, StoredToken, TokenLock, TokenStore } from '../core/index.ts';

/** Milliseconds after which a case fails, so that a store that hangs does not block the test run. */
const CASE_TIMEOUT = 8_000;

/** The context of a case: two stores, as two processes would open them, and an unused key. */
export interface Context {
  a: TokenStore;
  b: TokenStore;
  key: string;
}

/** The name and the test of one rule. */
export type Case = readonly [name: string, test: (context: Context) => Promise<void>];

/** Milliseconds to wait for an event that must not happen. */
export const A_WHILE = 60;

export async function withStores(
  open: () => TokenStore | Promise<TokenStore>,
  test: (context: Context) => Promise<void>,
): Promise<void> {
  const a = await open();
  const b = await open();
  try {
    await test({ a, b, key: newKey() });
  } finally {
    await a.close();
    await b.close();
  }
}

export async function withTimeout(name: string, run: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${name}: timed out after ${CASE_TIMEOUT} ms`;
    timer = setTimeout(() => reject(new assert.AssertionError({ message })), CASE_TIMEOUT);
  });
  await Promise.race([run(), late]).finally(() => clearTimeout(timer));
}

/** Returns a new key in the form that token managers use: 43 characters of base64url. */
export function newKey(): string {
  return randomUUID().replaceAll('-', '').padEnd(43, '_');
}

export function aToken(accessToken: string, more: object = {}): StoredToken {
  const now = Date.now();
  return {
    token: { accessToken, refreshAt: now + 1_000_000, expiresAt: now + 1_200_000.5, ...more },
    fence: 0,
  };
}

export function lockOptions<T>(options: Partial<LockOptions<T>> = {}): LockOptions<T> {
  return {
    duration: 30_000,
    signal: new AbortController().signal,
    stopWaitingWith: () => undefined,
    ...options,
  };
}

export async function fenceOf({ fence }: TokenLock): Promise<number> {
  return fence;
}

export function write(store: TokenStore, key: string, accessToken: string): Promise<number> {
  return store.withLock(key, lockOptions(), async ({ fence }) => {
    assert.equal(await store.set(key, { ...aToken(accessToken), fence }), true);
    return fence;
  });
}

/** Acquires a lock and holds it until `release` is called. */
export async function hold(
  store: TokenStore,
  key: string,
): Promise<{ fence: number; release: () => void; done: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const done = store.withLock(key, lockOptions<void>(), (lock) => {
      return new Promise<void>((release) => resolve({ fence: lock.fence, release, done }));
    });
    done.catch(reject);
  });
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
