import {
  isTokenError,
  type KnownFromStore,
  type ObtainedToken,
  type SharedFetch,
  type SharedToken,
  type ShareOptions,
  type StoredToken,
  type TokenLock,
  type TokenSet,
  type TokenStore,
} from '../core/index.ts';
import { throwIfAborted } from '../core/internal.ts';
import { type DeferredWrite, deferWrite } from './deferred-write.ts';
import { guardStore } from './guarded-store.ts';
import { createNewestToken } from './newest-token.ts';
import { storeKey } from './store-key.ts';

/** The result of an attempt. An error of the fetch is a value here, to distinguish it from errors of the store. */
type Result = { found: StoredToken } | { fetched: TokenSet } | { thrown: unknown };

// The stores of this package free a lock 5 seconds after its work should have ended. This limit is for a store that hangs.
const LOCK_PATIENCE = 10_000;

/** Shares one token through a store: look, acquire the lock, look again, fetch, publish. */
export function shareToken(store: TokenStore, options: ShareOptions): SharedToken {
  const { vendor, tokenTimeout: duration, clock, emit } = options;
  const strict = options.onStoreFailure === 'fail';
  const guarded = guardStore(store, clock, emit);
  const newest = createNewestToken(clock);
  const keyPromise = storeKey(vendor);
  let deferred: DeferredWrite | undefined;

  async function obtain(fetch: SharedFetch): Promise<ObtainedToken> {
    let newer: StoredToken | undefined;
    let result: Result;
    try {
      // Otherwise this process would wait for its own lock.
      await deferred?.now();
      deferred = undefined;
      const key = await keyPromise;
      newer = await look(key);
      result = ifFresh(newer) ?? (await withLock(key, (lock) => fetchUnder(key, lock, fetch)));
      if ('thrown' in result && guarded.isReported(result.thrown)) throw result.thrown;
    } catch (thrown) {
      const error = guarded.report('lock', thrown, newest.token);
      if (strict) throw error;
      const token = await fetch({ refreshToken: newer?.token.refreshToken });
      return { token: newest.keep(token), fromStore: false };
    }
    if ('thrown' in result) throw result.thrown;
    if ('fetched' in result) return { token: result.fetched, fromStore: false };
    return { token: newest.keep(result.found.token, result.found.fence), fromStore: true };
  }

  /** Reads the store. @returns the stored token if it is newer than the newest that this manager knows. */
  async function look(key: string): Promise<StoredToken | undefined> {
    const stored = await guarded.get(key, newest.token);
    if (stored && !newest.isToken(stored)) {
      guarded.report('get', new Error('the stored value is not a token. Is another program using this key?'));
    }
    return newest.newer(stored);
  }

  function ifFresh(newer: StoredToken | undefined): { found: StoredToken } | undefined {
    return newer && clock.now() < newer.token.refreshAt ? { found: newer } : undefined;
  }

  /** Acquires the lock and runs work, unless a fresh token of another process comes first. */
  function withLock(key: string, work: (lock: TokenLock) => Promise<Result>): Promise<Result> {
    const startedAt = clock.now();
    return new Promise<Result>((resolve, reject) => {
      const waiting = new AbortController();
      const { signal } = waiting;
      const limit = duration + LOCK_PATIENCE;
      const timer = clock.setTimeout(() => {
        waiting.abort(
          new Error(
            `timed out after ${limit} ms waiting for the store lock; the process holding it may be stuck`,
          ),
        );
        reject(signal.reason);
      }, limit);
      const locked = async (lock: TokenLock): Promise<Result> => {
        clock.clearTimeout(timer);
        // After the limit, the token is already fetched without the lock.
        throwIfAborted(signal);
        emit({ type: 'store-lock-acquired', waited: clock.now() - startedAt });
        const result = await work(lock).catch((thrown: unknown) => ({ thrown }));
        // Requests do not wait for the release of the lock.
        resolve(result);
        await deferred?.settled;
        return result;
      };
      const stopWaitingWith = (stored: StoredToken) => ifFresh(newest.newer(stored));
      // `async` for a store that throws synchronously.
      (async () => store.withLock<Result>(key, { duration, signal, stopWaitingWith }, locked))()
        .then(resolve, reject)
        .finally(() => clock.clearTimeout(timer));
    });
  }

  /** Looks again, fetches and publishes, while this process holds the lock. */
  async function fetchUnder(key: string, { fence, signal }: TokenLock, fetch: SharedFetch): Promise<Result> {
    const onLost = () => emit({ type: 'store-lock-lost' });
    signal.addEventListener('abort', onLost);
    try {
      const newer = await look(key);
      const fresh = ifFresh(newer);
      if (fresh) return fresh;
      let again: { found: StoredToken } | undefined;
      const known: KnownFromStore = {
        refreshToken: newer?.token.refreshToken,
        async lookAgain() {
          again = ifFresh(await look(key).catch(() => undefined));
          return again?.found.token;
        },
      };
      try {
        const token = await fetch(known);
        return again?.found.token === token ? again : await publish(key, token, fence);
      } catch (error) {
        // If this process was suspended for longer than a fetch may take, another process may have stored a token. Other errors are
        // kept, because their Retry-After counts.
        const isLate = isTokenError(error) && error.code === 'ERR_TOKEN_TIMEOUT';
        if (isLate && (await known.lookAgain?.()) && again) return again;
        throw error;
      }
    } finally {
      signal.removeEventListener('abort', onLost);
    }
  }

  /** Stores a token. If the store refuses it, returns the stored token if that token is fresh. */
  async function publish(key: string, token: TokenSet, fence: number): Promise<Result> {
    try {
      if (await guarded.set(key, { token, fence })) {
        return { fetched: newest.keep(token, fence) };
      }
      emit({ type: 'store-write-refused' });
      const fresh = ifFresh(await look(key));
      if (fresh) return fresh;
    } catch {
      // The error is reported already, and the token is usable without the store.
      if (strict) deferred = deferWrite(clock, duration, () => publishLate(key, token, fence));
    }
    return { fetched: newest.keep(token) };
  }

  async function publishLate(key: string, token: TokenSet, fence: number): Promise<void> {
    const isStored = await guarded.set(key, { token, fence });
    // The write is also refused if an earlier attempt reached the store after its deadline.
    const isThere = isStored || (await guarded.get(key, token))?.fence === fence;
    if (isThere && newest.token === token) newest.keep(token, fence);
  }

  return { obtain };
}
