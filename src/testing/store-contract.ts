import assert from 'node:assert/strict';
import type { TokenStore } from '../core/index.ts';
import {
  aToken,
  type Context,
  fenceOf,
  hold,
  inTime,
  newKey,
  pause,
  waiting,
  withStores,
  write,
} from './store-contract-kit.ts';

/** A test of one requirement that every token store must meet. */
export interface StoreContractCase {
  readonly name: string;
  /** @throws AssertionError if the store does not meet the requirement. */
  run(): Promise<void>;
}

// Milliseconds after which an event that must not happen counts as absent.
const OBSERVATION_TIME = 60;

/**
 * Returns tests of everything that a {@link TokenStore} must do, for any test runner.
 *
 * @param open opens the store as another process would. All returned stores must share their data. The tests close each store.
 * @example
 * for (const { name, run } of tokenStoreContract(() => myStore(url))) it(name, run);
 */
export function tokenStoreContract(open: () => TokenStore | Promise<TokenStore>): StoreContractCase[] {
  const cases: [string, (context: Context) => Promise<void>][] = [
    [
      'returns undefined for a key without a token',
      async ({ a, key }) => assert.equal(await a.get(key), undefined),
    ],
    [
      'returns a stored token complete and with its fence, also from another store',
      async ({ a, b, key }) => {
        const stored = aToken('all', {
          refreshToken: 'refresh ü',
          scope: 'a b',
          apiBaseUrl: 'https://api.example',
        });
        const fence = await a.withLock(key, waiting(), async (lock) => {
          assert.equal(await a.set(key, { ...stored, fence: lock.fence }), true);
          return lock.fence;
        });
        for (const store of [a, b]) {
          const { token, fence: found } = (await store.get(key)) ?? assert.fail('the token is missing');
          assert.deepEqual({ ...token }, { ...stored.token });
          assert.equal(found, fence);
        }
      },
    ],
    [
      'stores the tokens of different keys separately',
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
          fences.push(await store.withLock(key, waiting<number>(), fenceOf));
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
      'refuses a token whose fence is not greater than the fence of the stored token',
      async ({ a, b, key }) => {
        const early = await a.withLock(key, waiting<number>(), fenceOf);
        const late = await write(b, key, 'new');
        assert.equal(await a.set(key, { ...aToken('old'), fence: early }), false);
        assert.equal(await a.set(key, { ...aToken('same'), fence: late }), false);
        assert.equal((await a.get(key))?.token.accessToken, 'new');
      },
    ],
    [
      'runs work for the same key one at a time',
      async ({ a, b, key }) => {
        let inside = 0;
        let most = 0;
        const work = async () => {
          most = Math.max(most, ++inside);
          await pause(5);
          inside--;
        };
        await Promise.all([a, b, a, b, b, a].map((store) => store.withLock(key, waiting(), work)));
        assert.equal(most, 1);
      },
    ],
    [
      'runs work for different keys at the same time',
      async ({ a, b, key }) => {
        await a.withLock(key, waiting(), () => b.withLock(newKey(), waiting(), async () => {}));
      },
    ],
    [
      'ends a wait with the result of stopWaitingWith for a token that another store has stored',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        let worked = false;
        const other = b.withLock(
          key,
          waiting({ stopWaitingWith: ({ token }) => (token.accessToken === 'new' ? 'stopped' : undefined) }),
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
        assert.equal(await a.withLock(key, waiting(), async () => 'free'), 'free');
      },
    ],
    [
      'continues a wait when stopWaitingWith returns undefined',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        let worked = false;
        const other = b.withLock(key, waiting(), async () => {
          worked = true;
        });
        await a.set(key, { ...aToken('known'), fence: held.fence });
        await pause(OBSERVATION_TIME);
        assert.equal(worked, false);
        held.release();
        await Promise.all([held.done, other]);
        assert.equal(worked, true);
      },
    ],
    [
      'ends a wait, and only that one, when its signal is aborted',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        const controller = new AbortController();
        const reason = new Error('enough');
        const aborted = b.withLock(key, waiting({ signal: controller.signal }), async () =>
          assert.fail('the work ran'),
        );
        const other = b.withLock(key, waiting(), async () => 'worked');
        controller.abort(reason);
        await assert.rejects(aborted, (error) => error === reason);
        held.release();
        assert.equal(await other, 'worked');
        await held.done;
      },
    ],
    [
      'rejects without waiting if the signal is already aborted',
      async ({ a, key }) => {
        const reason = new Error('too late');
        const options = waiting({ signal: AbortSignal.abort(reason) });
        const aborted = a.withLock(key, options, async () => assert.fail('the work ran'));
        await assert.rejects(aborted, (error) => error === reason);
        assert.equal(await a.withLock(key, waiting(), async () => 'free'), 'free');
      },
    ],
    [
      'releases the lock after work that throws, and rejects with the thrown error',
      async ({ a, b, key }) => {
        const reason = new Error('no token');
        const failing = a.withLock(key, waiting(), async () => {
          throw reason;
        });
        await assert.rejects(failing, (error) => error === reason);
        assert.equal(await b.withLock(key, waiting(), async () => 'free'), 'free');
      },
    ],
    [
      'does not abort the signal of a lock that no other process has acquired',
      async ({ a, key }) => {
        await a.withLock(key, waiting(), async ({ signal }) => {
          await pause(OBSERVATION_TIME);
          assert.equal(signal.aborted, false);
        });
      },
    ],
  ];
  return cases.map(([name, test]) => ({ name, run: () => inTime(name, () => withStores(open, test)) }));
}
