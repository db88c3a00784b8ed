import assert from 'node:assert/strict';
import type { TokenStore } from '../core/index.ts';
import {
  A_WHILE,
  aToken,
  type Case,
  fenceOf,
  hold,
  lockOptions,
  newKey,
  pause,
  withStores,
  withTimeout,
  write,
} from './store-contract-kit.ts';
import { REFRESH_TOKEN_CASES } from './store-contract-refresh-tokens.ts';

/** One rule that every token store must follow, as a test. */
export interface StoreContractCase {
  readonly name: string;
  /** Runs the test. @throws AssertionError if the store violates the rule. */
  run(): Promise<void>;
}

/**
 * Returns the rules for a {@link TokenStore} as tests for any test runner.
 *
 * @param open opens the store like a new process. All returned stores must share their tokens. Each test closes its stores.
 * @example
 * for (const { name, run } of tokenStoreContract(() => myStore(url))) it(name, run);
 */
export function tokenStoreContract(open: () => TokenStore | Promise<TokenStore>): StoreContractCase[] {
  const cases: Case[] = [
    ['returns undefined for an unused key', async ({ a, key }) => assert.equal(await a.get(key), undefined)],
    [
      'returns the complete token and its fence to other processes',
      async ({ a, b, key }) => {
        const stored = aToken('all', {
          refreshToken: 'refresh ü',
          scope: 'a b',
          apiBaseUrl: 'https://api.example',
        });
        const fence = await a.withLock(key, lockOptions(), async (lock) => {
          assert.equal(await a.set(key, { ...stored, fence: lock.fence }), true);
          return lock.fence;
        });
        for (const store of [a, b]) {
          const { token, fence: storedFence } =
            (await store.get(key)) ?? assert.fail('the token is not stored');
          assert.deepEqual({ ...token }, { ...stored.token });
          assert.equal(storedFence, fence);
        }
      },
    ],
    [
      'keeps the tokens of different keys apart',
      async ({ a, b, key }) => {
        const other = newKey();
        await write(a, key, 'first');
        await write(b, other, 'second');
        assert.equal((await b.get(key))?.token.accessToken, 'first');
        assert.equal((await a.get(other))?.token.accessToken, 'second');
      },
    ],
    [
      'gives each lock a greater fence than all earlier locks',
      async ({ a, b, key }) => {
        const fences: number[] = [];
        for (const store of [a, b, a, a, b])
          fences.push(await store.withLock(key, lockOptions<number>(), fenceOf));
        assert.ok(
          fences.every((fence) => Number.isSafeInteger(fence) && fence > 0),
          `fences ${fences}`,
        );
        assert.deepEqual(
          fences,
          [...new Set(fences)].sort((x, y) => x - y),
        );
      },
    ],
    [
      'refuses a write whose fence is not greater than the fence of the stored token',
      async ({ a, b, key }) => {
        const early = await a.withLock(key, lockOptions<number>(), fenceOf);
        const late = await write(b, key, 'new');
        assert.equal(await a.set(key, { ...aToken('old'), fence: early }), false);
        assert.equal(await a.set(key, { ...aToken('same'), fence: late }), false);
        assert.equal((await a.get(key))?.token.accessToken, 'new');
      },
    ],
    [
      'allows one lock per key at a time',
      async ({ a, b, key }) => {
        let inside = 0;
        let most = 0;
        const work = async () => {
          most = Math.max(most, ++inside);
          await pause(5);
          inside--;
        };
        await Promise.all([a, b, a, b, b, a].map((store) => store.withLock(key, lockOptions(), work)));
        assert.equal(most, 1);
      },
    ],
    [
      'allows locks of different keys at the same time',
      async ({ a, b, key }) => {
        await a.withLock(key, lockOptions(), () => b.withLock(newKey(), lockOptions(), async () => {}));
      },
    ],
    [
      'ends a wait for the lock when stopWaitingWith accepts the stored token',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        let worked = false;
        const other = b.withLock(
          key,
          lockOptions({
            stopWaitingWith: ({ token }) => (token.accessToken === 'new' ? 'stopped' : undefined),
          }),
          async () => {
            worked = true;
            return 'worked';
          },
        );
        assert.equal(await a.set(key, { ...aToken('new'), fence: held.fence }), true);
        assert.equal(await other, 'stopped');
        held.release();
        await held.done;
        assert.equal(worked, false);
        assert.equal(await a.withLock(key, lockOptions(), async () => 'free'), 'free');
      },
    ],
    [
      'continues a wait for the lock when stopWaitingWith returns undefined',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        let worked = false;
        const other = b.withLock(key, lockOptions(), async () => {
          worked = true;
        });
        await a.set(key, { ...aToken('known'), fence: held.fence });
        await pause(A_WHILE);
        assert.equal(worked, false);
        held.release();
        await Promise.all([held.done, other]);
        assert.equal(worked, true);
      },
    ],
    [
      'ends only the wait whose signal aborts',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        const controller = new AbortController();
        const reason = new Error('enough');
        const aborted = b.withLock(key, lockOptions({ signal: controller.signal }), async () =>
          assert.fail('the work ran'),
        );
        const other = b.withLock(key, lockOptions(), async () => 'worked');
        controller.abort(reason);
        await assert.rejects(aborted, (error) => error === reason);
        held.release();
        assert.equal(await other, 'worked');
        await held.done;
      },
    ],
    [
      'does not start a wait whose signal is already aborted',
      async ({ a, key }) => {
        const reason = new Error('too late');
        const options = lockOptions({ signal: AbortSignal.abort(reason) });
        const aborted = a.withLock(key, options, async () => assert.fail('the work ran'));
        await assert.rejects(aborted, (error) => error === reason);
        assert.equal(await a.withLock(key, lockOptions(), async () => 'free'), 'free');
      },
    ],
    [
      'rejects with the error of the work and releases the lock',
      async ({ a, b, key }) => {
        const reason = new Error('no token');
        const failing = a.withLock(key, lockOptions(), async () => {
          throw reason;
        });
        await assert.rejects(failing, (error) => error === reason);
        assert.equal(await b.withLock(key, lockOptions(), async () => 'free'), 'free');
      },
    ],
    [
      'does not abort the signal of a lock that is held',
      async ({ a, key }) => {
        await a.withLock(key, lockOptions(), async ({ signal }) => {
          await pause(A_WHILE);
          assert.equal(signal.aborted, false);
        });
      },
    ],
    ...REFRESH_TOKEN_CASES,
  ];
  return cases.map(([name, test]) => ({ name, run: () => withTimeout(name, () => withStores(open, test)) }));
}
