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
import { monotonicOf } from '../core/internal.ts';
import { type DeferredWrite, deferWrite } from './deferred-write.ts';
import { guardStore } from './guarded-store.ts';
import { createNewestToken } from './newest-token.ts';
import { createFamily, type RefreshFamily, type RefreshTokenUse } from './refresh-family.ts';
import { familyKeys, storeKey } from './store-key.ts';
import { withStoreLock } from './store-lock.ts';

/** The result of an attempt. An error of the fetch is a value here, to distinguish it from errors of the store. */
type Result = { found: StoredToken } | { fetched: TokenSet } | { thrown: unknown };

/** A key, and the entry to write under it. */
type Write = readonly [key: string, stored: StoredToken];

// The stores of this package free a lock 5 seconds after its work should have ended. This limit is for a store that hangs.
const LOCK_PATIENCE = 10_000;

// A lock that is lost before the refresh token is sent is acquired again.
const LOCK_ATTEMPTS = 3;
// Milliseconds for which a fetch that must not run without the store waits for a store that restarts.
const RESTART_PATIENCE = 5_000;

/** Shares one token through a store: look, acquire the lock, look again, fetch, publish. */
export function shareToken(store: TokenStore, options: ShareOptions): SharedToken {
  const { vendor, tokenTimeout: duration, clock, emit } = options;
  const strict = options.onStoreFailure === 'fail';
  const guarded = guardStore(store, clock, emit);
  const newest = createNewestToken(clock);
  const keyPromise = storeKey(vendor);
  // `obtain` awaits the promise and reports its error.
  keyPromise.catch(() => {});
  let deferred: DeferredWrite | undefined;
  let inStore: StoredToken | undefined;
  // The stored token whose refresh token the current fetch uses.
  let replaced: StoredToken | undefined;
  let family: RefreshFamily | undefined;

  async function obtain(fetch: SharedFetch, waited = 0): Promise<ObtainedToken> {
    let newer: StoredToken | undefined;
    let result: Result | undefined;
    try {
      // Otherwise this process would wait for its own lock.
      await deferred?.now();
      deferred = undefined;
      const key = await keyPromise;
      for (let attempt = 0; !result; attempt++) {
        if (attempt === LOCK_ATTEMPTS) throw new Error(`the lock was lost ${LOCK_ATTEMPTS} times`);
        newer = await look(key);
        result = ifFresh(newer) ?? (await withAccessLock(key, fetch));
      }
      if ('thrown' in result && guarded.isReported(result.thrown)) throw result.thrown;
    } catch (thrown) {
      const error = guarded.report('lock', thrown, newest.token);
      if (strict) {
        const pause = Math.max(guarded.retryAfter(error) ?? Number.POSITIVE_INFINITY, waited / 2);
        if (waited + pause > RESTART_PATIENCE) throw error;
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, pause));
        return obtain(fetch, waited + pause);
      }
      replaced = newer;
      const token = await fetch({ refreshToken: newer?.token.refreshToken });
      return { token: keep(token), fromStore: false };
    }
    if ('thrown' in result) throw result.thrown;
    if ('fetched' in result) return { token: result.fetched, fromStore: false };
    return { token: newest.keep(result.found.token, result.found.fence), fromStore: true };
  }

  /** Reads the store. @returns the stored token if it is newer than the newest that this manager knows. */
  async function look(key: string): Promise<StoredToken | undefined> {
    inStore = await guarded.get(key, newest.token);
    if (inStore && !newest.isToken(inStore)) {
      guarded.report('get', new Error('the stored value is not a token. Is another program using this key?'));
    }
    return newest.newer(inStore);
  }

  function ifFresh(newer: StoredToken | undefined): { found: StoredToken } | undefined {
    return newer && clock.now() < newer.token.refreshAt ? { found: newer } : undefined;
  }

  /** Keeps a token that this manager has fetched. @param fence undefined for a token that the store does not hold. */
  function keep(token: TokenSet, fence?: number): TokenSet {
    family?.fetched(fence !== undefined);
    return newest.keep(token, fence, replaced?.fence);
  }

  /** Acquires the lock on the access token and refreshes it, unless a fresh token of another process comes first. */
  function withAccessLock(key: string, fetch: SharedFetch): Promise<Result | undefined> {
    const monotonic = monotonicOf(clock);
    const startedAt = monotonic();
    const stopWaitingWith = (stored: StoredToken) => ifFresh(newest.newer(stored));
    // The holder may wait for the lock of its family first.
    const limit = (vendor.storeKeys ? 2 : 1) * duration + LOCK_PATIENCE;
    const work = async ({ fence }: TokenLock) => {
      emit({ type: 'store-lock-acquired', waited: monotonic() - startedAt });
      const newer = await look(key);
      const fresh = ifFresh(newer);
      if (fresh) return fresh;
      replaced = newer;
      family ??= await familyOf(key);
      return family
        ? refreshInFamily(family, key, fence, fetch)
        : fetchAndPublish(key, fence, newer?.token.refreshToken, fetch);
    };
    return withLock(key, limit, work, stopWaitingWith);
  }

  /** Acquires a lock and runs work. @returns undefined if the lock was lost before the refresh token was sent. */
  function withLock(
    key: string,
    limit: number,
    work: (lock: TokenLock) => Promise<Result | undefined>,
    stopWaitingWith?: (stored: StoredToken) => Result | undefined,
  ): Promise<Result | undefined> {
    return withStoreLock<Result | undefined>(store, options, {
      key,
      limit,
      ...(stopWaitingWith && { stopWaitingWith }),
      work: (lock) => work(lock).catch((thrown: unknown) => ({ thrown })),
      settled: () => deferred?.settled,
    });
  }

  async function familyOf(key: string): Promise<RefreshFamily | undefined> {
    const keys = vendor.storeKeys && (await familyKeys(vendor));
    return keys && createFamily(keys, key, guarded, clock);
  }

  /** Fetches and publishes while no other manager of the family uses the refresh token. */
  function refreshInFamily(
    { keys, use }: RefreshFamily,
    key: string,
    fence: number,
    fetch: SharedFetch,
  ): Promise<Result | undefined> {
    const work = async (lock: TokenLock) => {
      const used = await use(inStore, lock.fence);
      return used && fetchAndPublish(key, fence, used.refreshToken, fetch, used);
    };
    return withLock(keys.token, duration + LOCK_PATIENCE, work).catch((thrown: unknown) => {
      throw guarded.report('lock', thrown, newest.token);
    });
  }

  async function fetchAndPublish(
    key: string,
    fence: number,
    refreshToken: string | undefined,
    fetch: SharedFetch,
    used?: RefreshTokenUse,
  ): Promise<Result> {
    let again: { found: StoredToken } | undefined;
    const known: KnownFromStore = {
      refreshToken,
      async lookAgain() {
        again = ifFresh(await look(key).catch(() => undefined));
        return again?.found.token;
      },
    };
    try {
      const token = await fetch(known);
      if (again?.found.token === token) return again;
      const access: Write = [key, { token, fence }];
      return await publish(token, used ? [used.entry(token, fence), access] : [access]);
    } catch (error) {
      // If this process was suspended for longer than a fetch may take, another process may have stored a token. Other errors are
      // kept, because their Retry-After counts.
      const isLate = isTokenError(error) && error.code === 'ERR_TOKEN_TIMEOUT';
      if (isLate && (await known.lookAgain?.()) && again) return again;
      await used?.failed(error);
      throw error;
    }
  }

  /** Stores a token. If the store refuses it, returns the stored token if that token is fresh. @param writes the access token last. */
  async function publish(token: TokenSet, writes: readonly Write[]): Promise<Result> {
    const [key, { fence }] = writes.at(-1) as Write;
    try {
      let isStored = true;
      for (const [to, stored] of writes) isStored &&= await guarded.set(to, stored);
      if (isStored) return { fetched: keep(token, fence) };
      emit({ type: 'store-write-refused' });
      const fresh = ifFresh(await look(key));
      if (fresh) return fresh;
    } catch {
      // The error is reported already, and the token is usable without the store.
      if (strict) deferred = deferWrite(clock, duration, () => publishLate(token, writes));
    }
    return { fetched: keep(token) };
  }

  async function publishLate(token: TokenSet, writes: readonly Write[]): Promise<void> {
    let isThere = true;
    for (const [key, stored] of writes) {
      // The write is also refused if an earlier attempt reached the store after its deadline.
      isThere &&=
        (await guarded.set(key, stored)) || (await guarded.get(key, stored.token))?.fence === stored.fence;
    }
    if (isThere && newest.token === token) keep(token, writes.at(-1)?.[1].fence);
  }

  return { obtain: (fetch) => obtain(fetch) };
}
