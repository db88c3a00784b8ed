import { messageOf, type TokenError } from './errors.ts';

/** Why a token is refreshed. */
export type RefreshReason =
  /** There was none. */
  | 'empty'
  /** It is about to expire; it is still used meanwhile. */
  | 'stale'
  | 'expired'
  /** The API answered 401 to it. */
  | 'rejected';

/** What happened; no event holds a token, a secret or a query string. Durations are in milliseconds. */
export type AuthRefreshEvent =
  | { type: 'refresh-started'; reason: RefreshReason; background: boolean }
  | {
      type: 'refresh-succeeded';
      reason: RefreshReason;
      background: boolean;
      duration: number;
      /** Milliseconds since the epoch. */
      expiresAt: number;
      /** Whether another process had fetched the token already. */
      fromStore: boolean;
    }
  | {
      type: 'refresh-failed';
      reason: RefreshReason;
      background: boolean;
      duration: number;
      error: TokenError;
    }
  /** The store threw or took too long: until `store-recovered` the token is not shared. */
  | { type: 'store-failed'; operation: 'get' | 'set' | 'lock'; error: TokenError }
  | { type: 'store-recovered' }
  /** It is this process's turn to fetch the token; `waited` is how long that took. */
  | { type: 'store-lock-acquired'; waited: number }
  /** The turn was taken away before the token was there: the store was emptied, or this process stood still. */
  | { type: 'store-lock-lost' }
  /** A token came after one that was fetched in a later turn, and was not kept. */
  | { type: 'store-write-refused' }
  /** A request is sent again with a new token; `count` is 1 for the first time. */
  | { type: 'replay'; method: string; url: string; count: number }
  /** A request is sent again after 429, 5xx or a network error; `count` is 1 for the first time. */
  | {
      type: 'retry';
      method: string;
      url: string;
      count: number;
      delay: number;
      status?: number | undefined;
      code?: string | undefined;
    };

/** Is told what happened. What it throws is reported as a warning and disturbs nothing. */
export type AuthRefreshListener = (event: AuthRefreshEvent) => void;

/** A list of listeners. */
export interface Emitter {
  emit(event: AuthRefreshEvent): void;
  /** @returns a function that takes the listener off again. */
  subscribe(listener: AuthRefreshListener): () => void;
}

/** Makes an {@link Emitter} that no listener can break. */
export function createEmitter(): Emitter {
  const listeners = new Set<AuthRefreshListener>();
  return {
    emit(event) {
      for (const listener of listeners) notify(listener, event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Calls a listener; neither a throw nor a rejection of it gets out. */
export function notify(listener: AuthRefreshListener, event: AuthRefreshEvent): void {
  // A listener may be async although its type says it returns nothing.
  (async () => listener(event))().catch((error: unknown) => {
    // Dropped in silence, a broken listener would look like an application without events.
    globalThis.process?.emitWarning?.(`an onEvent listener failed: ${messageOf(error)}`, {
      type: 'AuthRefreshWarning',
    });
  });
}
