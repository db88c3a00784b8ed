import { inspect } from 'node:util';
import { expect } from 'vitest';
import { TokenStoreError } from '../../src/core/errors.ts';
import type { TokenStore } from '../../src/core/token-store.ts';
import { aStored, KEY, waiting } from './redis-stores.ts';

/** Secrets that no error may show. */
export const PASSWORD = 'pass/word of Redis';
export const TOKEN = 'token-that-is-secret';

/** Returns the error that a call rejects with, after checking that it shows no secret. */
export async function failureOf(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => expect.unreachable('the call did not reject'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TokenStoreError);
  for (const shown of [
    inspect(error, { depth: 10, showHidden: true }),
    JSON.stringify(error),
    String(error),
  ]) {
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), TOKEN]) expect(shown).not.toContain(secret);
  }
  return error as Error;
}

/** Returns the error of each method of the store. */
export async function failuresOf(store: TokenStore): Promise<Error[]> {
  return [
    await failureOf(store.get(KEY)),
    await failureOf(store.set(KEY, aStored(TOKEN, 1))),
    await failureOf(
      store.withLock(KEY, waiting(), async () => expect.unreachable('the store acquired the lock')),
    ),
  ];
}
