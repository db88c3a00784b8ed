import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { LockOptions, StoredToken, TokenLock, TokenStore } from '../stores/store.ts';

/** One promise that every token store keeps, as a test to run. */
export interface StoreContractCase {
  readonly name: string;
  /** @throws AssertionError when the promise is broken. */
  run(): Promise<void>;
}

// How long what must not happen is waited for, in milliseconds.
const A_WHILE = 60;

// A store that hangs fails its case rather than the whole test run, in milliseconds.
const TOO_LONG = 8_000;

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
          waiting({ leave: ({ token }) => (token.accessToken === 'news' ? 'left' : undefined) }),
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

interface Context {
  a: TokenStore;
  b: TokenStore;
  key: string;
}

async function withStores(
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

async function inTime(name: string, run: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${name}: it hangs` })), TOO_LONG);
  });
  await Promise.race([run(), late]).finally(() => clearTimeout(timer));
}

/** Of the form that token managers use: 43 characters of base64url. */
function newKey(): string {
  return randomUUID().replaceAll('-', '').padEnd(43, '_');
}

function aToken(accessToken: string, more: object = {}): StoredToken {
  const now = Date.now();
  return {
    token: { accessToken, refreshAt: now + 1_000_000, expiresAt: now + 1_200_000.5, ...more },
    fence: 0,
  };
}

function waiting<T>(options: Partial<LockOptions<T>> = {}): LockOptions<T> {
  return { duration: 30_000, signal: new AbortController().signal, leave: () => undefined, ...options };
}

async function fenceOf({ fence }: TokenLock): Promise<number> {
  return fence;
}

function write(store: TokenStore, key: string, accessToken: string): Promise<number> {
  return store.withLock(key, waiting(), async ({ fence }) => {
    assert.equal(await store.set(key, { ...aToken(accessToken), fence }), true);
    return fence;
  });
}

/** Holds a lock until it is told to let go. */
async function hold(
  store: TokenStore,
  key: string,
): Promise<{ fence: number; release: () => void; done: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const done = store.withLock(key, waiting<void>(), (lock) => {
      return new Promise<void>((release) => resolve({ fence: lock.fence, release, done }));
    });
    done.catch(reject);
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
