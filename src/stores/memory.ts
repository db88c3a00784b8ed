import { Mutex } from 'async-mutex';
import type { LockOptions, SharedTokenStore, StoredToken } from '../core/index.ts';
import { sharedStore } from '../token/index.ts';

/** What belongs to one key. */
interface Entry {
  stored?: StoredToken;
  readonly mutex: Mutex;
  readonly onStored: Set<(stored: StoredToken) => void>;
}

/** Makes a store that lives as long as the process, for several token managers of it. */
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
      for (const look of entry.onStored) look(stored);
      return true;
    },
    async withLock(key, options, work) {
      const { mutex, onStored } = entryOf(key);
      const waiter = wait(onStored, options);
      const turn = mutex.acquire();
      try {
        const left = await Promise.race([turn.then(() => undefined), waiter.left]);
        if (left !== undefined) return left;
        waiter.stop();
        return await work({ fence: ++fence, signal: new AbortController().signal });
      } finally {
        waiter.stop();
        // Also of whoever left the queue: its turn comes all the same.
        turn.then((release) => release());
      }
    },
    async close() {},
  });
}

/** Settles when there is no need to wait for the lock any more. */
function wait<T>(
  onStored: Entry['onStored'],
  { stopWaitingWith, signal }: LockOptions<T>,
): { left: Promise<T>; stop: () => void } {
  let stop = () => {};
  const left = new Promise<T>((resolve, reject) => {
    const look = (stored: StoredToken) => {
      const found = stopWaitingWith(stored);
      if (found !== undefined) resolve(found);
    };
    const onAbort = () => reject(signal.reason);
    stop = () => {
      onStored.delete(look);
      signal.removeEventListener('abort', onAbort);
    };
    onStored.add(look);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  // The turn may come first, and nobody waits for this then.
  left.catch(() => {});
  return { left, stop };
}
