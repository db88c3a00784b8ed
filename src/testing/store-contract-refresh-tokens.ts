import assert from 'node:assert/strict';
import { A_WHILE, aToken, type Case, hold, lockOptions, newKey, pause } from './store-contract-kit.ts';

/** The rules that managers need that share a refresh token. */
export const REFRESH_TOKEN_CASES: readonly Case[] = [
  [
    'stores an entry under one key with the fence of the lock on another key, as a token manager notes that a refresh token is in use',
    async ({ a, b, key }) => {
      const note = newKey();
      for (const text of ['first', 'second']) {
        await a.withLock(key, lockOptions(), async ({ fence }) => {
          assert.equal(await a.set(note, { ...aToken(text), fence }), true);
          assert.equal(await a.set(key, { ...aToken(text), fence }), true);
        });
        assert.equal((await b.get(note))?.token.accessToken, text);
      }
    },
  ],
  [
    'keeps a lock while the holder acquires and releases a lock on another key',
    async ({ a, b, key }) => {
      const held = await hold(a, key);
      await a.withLock(newKey(), lockOptions(), async () => {});
      let worked = false;
      const other = b.withLock(key, lockOptions(), async () => {
        worked = true;
      });
      await pause(A_WHILE);
      assert.equal(worked, false);
      held.release();
      await Promise.all([held.done, other]);
    },
  ],
  [
    'keeps an entry that is not an access token: a refresh token of a family, and the note that it is in use',
    async ({ a, b, key }) => {
      const year = Date.now() + 365 * 24 * 3_600_000;
      const times = { refreshAt: year, expiresAt: year };
      const entries = {
        [key]: { scope: '1', refreshToken: 'refresh' },
        [newKey()]: { scope: `${newKey()} 12` },
      };
      for (const [to, more] of Object.entries(entries)) {
        const stored = aToken(newKey(), { ...more, ...times });
        await a.withLock(to, lockOptions(), async ({ fence }) => {
          assert.equal(await a.set(to, { ...stored, fence }), true);
        });
        assert.deepEqual({ ...(await b.get(to))?.token }, { ...stored.token });
      }
    },
  ],
];
