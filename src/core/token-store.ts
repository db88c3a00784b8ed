import type { TokenSet } from './token-set.ts';

/** A token as a store keeps it. */
export interface StoredToken {
  readonly token: TokenSet;
  /** Of the lock under which the token was fetched: a greater one is of a later lock. */
  readonly fence: number;
}

/** The right to fetch the token of one key, held by one process at a time. */
export interface TokenLock {
  /** A whole number above 0, greater than that of every lock before on the same key. */
  readonly fence: number;
  /** Aborted when the lock is lost, so that somebody else may hold it now. */
  readonly signal: AbortSignal;
}

/** How a lock is waited for. */
export interface LockOptions<T> {
  /**
   * Milliseconds the work takes at most. A store that cannot see its holder die takes the lock for free when it was
   * held for longer without a sign of life.
   */
  readonly duration: number;
  /** Ends the wait; the work, once begun, is not disturbed. */
  readonly signal: AbortSignal;
  /**
   * Is shown what is kept, at least each time it has changed while the lock is waited for. What it returns ends the
   * wait and is returned in place of what the work would have; undefined waits on.
   */
  leave(stored: StoredToken): T | undefined;
}

/**
 * Where tokens are kept and fetched by turns, so that several processes share one token. Keys are hashes and hold
 * nothing that is secret.
 *
 * A store that rejects disturbs no request: the token is then fetched without it (see `onStoreFailure`), and an event
 * says so. `tokenStoreContract` of `axios-oauth-refresh/testing` tests a store of your own.
 */
export interface TokenStore {
  /** Reads what is kept under a key. */
  get(key: string): Promise<StoredToken | undefined>;
  /**
   * Keeps a token, unless one with the same or a greater fence is there: whoever fetched it had lost the lock.
   *
   * @returns whether it is kept now.
   */
  set(key: string, stored: StoredToken): Promise<boolean>;
  /**
   * Runs work while nobody else does under the same key.
   *
   * @returns what the work or `options.leave` returned.
   * @throws what the work throws; the reason of `options.signal`; whatever keeps the lock from being had.
   */
  withLock<T>(key: string, options: LockOptions<T>, work: (lock: TokenLock) => Promise<T>): Promise<T>;
  /** Lets go of connections and files that the store opened itself. It is not used afterwards. */
  close(): Promise<void>;
}
