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

/** One promise that every token store keeps, as a test to run. */
export interface StoreContractCase {
  readonly name: string;
  /** @throws AssertionError when the promise is broken. */
  run(): Promise<void>;
}

// How long what must not happen is waited for, in milliseconds.
const A_WHILE = 60;

/**
 * Lists what a {@link TokenStore} has to do, as tests for whatever runs yours.
 *
 * @param open opens the store as another process would: all that it returns share what is kept. Each is closed.
 * @example
 * for (const { name, run } of tokenStoreContract(() => myStore(url))) it(name, run);
 */
export function tokenStoreContract(open: () => TokenStore | Promise<TokenStore>): StoreContractCase[] {
  const cases: [string, (context: Context) => Promise<void>][] = [
    [
      'has nothing under a key that was never used',
      async ({ a, key }) => assert.equal(await a.get(key), undefined),
    ],
    [
      'gives others a token whole, with its fence',
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
          const { token, fence: kept } = (await store.get(key)) ?? assert.fail('it is not there');
          assert.deepEqual({ ...token }, { ...stored.token });
          assert.equal(kept, fence);
        }
      },
    ],
    [
      'keeps the tokens of different keys apart',
      async ({ a, b, key }) => {
        const other = newKey();
        await write(a, key, 'mine');
        await write(b, other, 'theirs');
        assert.equal((await b.get(key))?.token.accessToken, 'mine');
        assert.equal((await a.get(other))?.token.accessToken, 'theirs');
      },
    ],
    [
      'gives each lock a greater fence than those before',
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
      'refuses a late write: one whose fence is not greater than that of the token that is kept',
      async ({ a, b, key }) => {
        const early = await a.withLock(key, waiting<number>(), fenceOf);
        const late = await write(b, key, 'new');
        assert.equal(await a.set(key, { ...aToken('old'), fence: early }), false);
        assert.equal(await a.set(key, { ...aToken('same'), fence: late }), false);
        assert.equal((await a.get(key))?.token.accessToken, 'new');
      },
    ],
    [
      'lets nobody else work under the same key meanwhile',
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
      'lets work under different keys go on at once',
      async ({ a, b, key }) => {
        await a.withLock(key, waiting(), () => b.withLock(newKey(), waiting(), async () => {}));
      },
    ],
    [
      'lets those who wait leave with a token that somebody else has written',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        let worked = false;
        const other = b.withLock(
          key,
          waiting({ stopWaitingWith: ({ token }) => (token.accessToken === 'news' ? 'left' : undefined) }),
          async () => {
            worked = true;
            return 'worked';
          },
        );
        assert.equal(await a.set(key, { ...aToken('news'), fence: held.fence }), true);
        assert.equal(await other, 'left');
        held.release();
        await held.done;
        assert.equal(worked, false);
        assert.equal(await a.withLock(key, waiting(), async () => 'free'), 'free');
      },
    ],
    [
      'lets those who wait go on waiting with a token that is no news to them',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        let worked = false;
        const other = b.withLock(key, waiting(), async () => {
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
      'ends a wait, and only that one, when its signal is aborted',
      async ({ a, b, key }) => {
        const held = await hold(a, key);
        const controller = new AbortController();
        const reason = new Error('enough');
        const gone = b.withLock(key, waiting({ signal: controller.signal }), async () =>
          assert.fail('it worked'),
        );
        const other = b.withLock(key, waiting(), async () => 'worked');
        controller.abort(reason);
        await assert.rejects(gone, (error) => error === reason);
        held.release();
        assert.equal(await other, 'worked');
        await held.done;
      },
    ],
    [
      'does not begin to wait when its signal is aborted already',
      async ({ a, key }) => {
        const reason = new Error('too late');
        const options = waiting({ signal: AbortSignal.abort(reason) });
        const gone = a.withLock(key, options, async () => assert.fail('it worked'));
        await assert.rejects(gone, (error) => error === reason);
        assert.equal(await a.withLock(key, waiting(), async () => 'free'), 'free');
      },
    ],
    [
      'is free again after work that throws, and passes on what it threw',
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
      'says of no lock that it is lost while nobody has taken it',
      async ({ a, key }) => {
        await a.withLock(key, waiting(), async ({ signal }) => {
          await pause(A_WHILE);
          assert.equal(signal.aborted, false);
        });
      },
    ],
  ];
  return cases.map(([name, test]) => ({ name, run: () => inTime(name, () => withStores(open, test)) }));
}
