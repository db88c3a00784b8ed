import type { Clock } from './clock.ts';
import type { Emitter } from './events.ts';
import type { TokenSet } from './token-set.ts';
import type { Vendor } from './vendor.ts';

/** A token as a store keeps it. */
export interface StoredToken {
  readonly token: TokenSet;
  /** The fence of the lock under which the token was fetched. A later lock has a greater fence. */
  readonly fence: number;
}

/** The right to fetch the token of one key. One process at a time holds it. */
export interface TokenLock {
  /** An integer above 0, greater than the fence of every earlier lock on the same key. */
  readonly fence: number;
  /** Aborts when the lock is lost, because another process may hold it then. */
  readonly signal: AbortSignal;
}

/** How to wait for a lock. */
export interface LockOptions<T> {
  /**
   * The longest time that the work takes, in milliseconds. A store that cannot notice the death of a lock's holder frees a lock that
   * was held for longer without a heartbeat.
   */
  readonly duration: number;
  /** Ends the wait. Work that has begun is not interrupted. */
  readonly signal: AbortSignal;
  /**
   * Receives the stored token at least each time that it changes during the wait. A returned value ends the wait, and
   * `withLock` resolves with it instead of running the work. Returning undefined continues the wait.
   */
  stopWaitingWith(stored: StoredToken): T | undefined;
}

/**
 * Stores tokens outside of the token manager and locks their keys, so that several processes share one token. Keys are hashes and contain
 * no secret. A vendor that starts with a refresh token has several keys: for each access token, for the refresh token that managers of
 * different scopes share, and for the note that the refresh token is in use. Token managers hold locks of two keys at the same time,
 * and store the note with the fence of another key's lock.
 *
 * Pass your own store through `sharedStore` before you give it to a token manager. A store that rejects does not fail a request: the manager
 * fetches the token without the store (see `onStoreFailure`) and emits an event. Test your own store with `tokenStoreContract` from
 * `axios-oauth-refresh/testing`.
 */
export interface TokenStore {
  /** Reads the token of a key. */
  get(key: string): Promise<StoredToken | undefined>;
  /**
   * Stores a token, unless the stored token has the same or a greater fence: the process that fetched the token has lost its
   * lock then. Keep the token until it is replaced if it has a refresh token, and otherwise until it expires.
   *
   * @returns whether the token is stored.
   */
  set(key: string, stored: StoredToken): Promise<boolean>;
  /**
   * Runs work while no other process runs work for the same key.
   *
   * @returns the result of the work or of `options.stopWaitingWith`.
   * @throws what the work throws; the reason of `options.signal`; an error if the lock cannot be acquired.
   */
  withLock<T>(key: string, options: LockOptions<T>, work: (lock: TokenLock) => Promise<T>): Promise<T>;
  /** Closes connections and files that the store opened itself. The store is not used afterwards. */
  close(): Promise<void>;
}

/** A store that a token manager can use. `fileStore`, `redisStore`, `memoryStore` and `sharedStore` return one. */
export interface SharedTokenStore extends TokenStore {
  /** Connects the store to one token manager. Only token managers call it. */
  share(options: ShareOptions): SharedToken;
}

/** The token manager that a store is connected to. */
export interface ShareOptions {
  readonly vendor: Vendor;
  /** The longest time that a fetch takes, in milliseconds. */
  readonly tokenTimeout: number;
  readonly onStoreFailure?: 'fetch' | 'fail' | undefined;
  readonly clock: Clock;
  readonly emit: Emitter['emit'];
}

/** A token that all users of one store share. */
export interface SharedToken {
  /**
   * Returns a fresh token of the store, or fetches a token while no other process does.
   *
   * @throws what `fetch` throws; TokenStoreError before the fetch if `strict` is set and the store fails.
   */
  obtain(fetch: SharedFetch): Promise<ObtainedToken>;
}

/** Fetches a token. */
export type SharedFetch = (known: KnownFromStore) => Promise<TokenSet>;

/** What the store knows when a token is fetched. */
export interface KnownFromStore {
  /** The refresh token that another process has stored since the last refresh. */
  refreshToken?: string | undefined;
  /** Returns the token of another process if a fresh one is stored by now. */
  lookAgain?(): Promise<TokenSet | undefined>;
}

/** A token and its origin. */
export interface ObtainedToken {
  token: TokenSet;
  /** Whether another process, or another manager, fetched the token. */
  fromStore: boolean;
}
