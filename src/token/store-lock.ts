import type { ShareOptions, StoredToken, TokenLock, TokenStore } from '../core/index.ts';
import { throwIfAborted } from '../core/internal.ts';

interface LockedWork<T> {
  key: string;
  /** Milliseconds to wait for the lock. */
  limit: number;
  /** See LockOptions. */
  stopWaitingWith?: (stored: StoredToken) => T | undefined;
  work(lock: TokenLock): Promise<T>;
  /** Resolves when the lock may be released. */
  settled(): Promise<void> | undefined;
}

/**
 * Acquires a lock of a store, runs work that does not throw, and resolves when the work ends: requests do not wait for the release of the
 * lock.
 *
 * @throws an error of the store, or an error if the lock is not acquired in time.
 */
export function withStoreLock<T>(
  store: TokenStore,
  { tokenTimeout: duration, clock, emit }: ShareOptions,
  { key, limit, stopWaitingWith = () => undefined, work, settled }: LockedWork<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const waiting = new AbortController();
    const { signal } = waiting;
    const timer = clock.setTimeout(() => {
      const message = `timed out after ${limit} ms waiting for the store lock; the process holding it may be stuck`;
      waiting.abort(new Error(message));
      reject(signal.reason);
    }, limit);
    const onLost = () => emit({ type: 'store-lock-lost' });
    const locked = async (lock: TokenLock): Promise<T> => {
      clock.clearTimeout(timer);
      // After the limit, the token is already fetched without the lock.
      throwIfAborted(signal);
      lock.signal.addEventListener('abort', onLost);
      const result = await work(lock);
      lock.signal.removeEventListener('abort', onLost);
      resolve(result);
      await settled();
      return result;
    };
    // `async` for a store that throws synchronously.
    (async () => store.withLock<T>(key, { duration, signal, stopWaitingWith }, locked))()
      .then(resolve, reject)
      .finally(() => clock.clearTimeout(timer));
  });
}
