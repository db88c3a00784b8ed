import { Mutex } from 'async-mutex';
import type { LockOptions, SharedTokenStore, StoredToken } from '../core/index.ts';
import { sharedStore } from '../token/index.ts';

/** The token and the lock of one key. */
interface Entry {
  stored?: StoredToken;
  readonly mutex: Mutex;
  readonly onStored: Set<(stored: StoredToken) => void>;
}

/** Creates a store in memory, through which the token managers of one process share tokens. */
export function memoryStore(): SharedTokenStore {
  const entries = new Map<string, Entry>();
  let fence = 0;

  function entryOf(key: string): Entry {
    const entry = entries.get(key) ?? { mutex: new Mutex(), onStored: new Set() };
    entries.set(key, entry);
    return entry;
  }

  return sharedStore({
    get: async (key) => entryOf(key).stored,
    async set(key, stored) {
      const entry = entryOf(key);
      if (entry.stored && stored.fence <= entry.stored.fence) return false;
      entry.stored = stored;
      for (const listener of entry.onStored) listener(stored);
      return true;
    },
    async withLock(key, options, work) {
      const { mutex, onStored } = entryOf(key);
      const waiter = waitForToken(onStored, options);
      const acquired = mutex.acquire();
      try {
        const stoppedWith = await Promise.race([acquired.then(() => undefined), waiter.stoppedWith]);
        if (stoppedWith !== undefined) return stoppedWith;
        waiter.stop();
        return await work({ fence: ++fence, signal: new AbortController().signal });
      } finally {
        waiter.stop();
        // A caller that stopped waiting acquires the mutex later, and must release it too.
        acquired.then((release) => release());
      }
    },
    async close() {},
  });
}

/** Waits for a token that makes the lock unnecessary, or for the signal. */
function waitForToken<T>(
  onStored: Entry['onStored'],
  { stopWaitingWith, signal }: LockOptions<T>,
): { stoppedWith: Promise<T>; stop: () => void } {
  let stop = () => {};
  const stoppedWith = new Promise<T>((resolve, reject) => {
    const listener = (stored: StoredToken) => {
      const value = stopWaitingWith(stored);
      if (value !== undefined) resolve(value);
    };
    const onAbort = () => reject(signal.reason);
    stop = () => {
      onStored.delete(listener);
      signal.removeEventListener('abort', onAbort);
    };
    onStored.add(listener);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  // If the mutex is acquired first, nothing else handles a rejection.
  stoppedWith.catch(() => {});
  return { stoppedWith, stop };
}
