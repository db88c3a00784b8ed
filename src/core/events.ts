import { messageOf, type TokenError } from './errors.ts';
import { warn } from './warn.ts';

/** Why a token is refreshed. */
export type RefreshReason =
  /** The manager holds no token. */
  | 'empty'
  /** The token expires soon. It is used until the new token arrives. */
  | 'stale'
  | 'expired'
  /** The API rejected the token, in most cases with a 401. */
  | 'rejected'
  /** The application called `tokens.refresh()` while the token was fresh. */
  | 'requested';

/** An event. No event contains a token, a secret or a query string. Durations are in milliseconds. */
export type AuthRefreshEvent =
  | { type: 'refresh-started'; reason: RefreshReason; background: boolean }
  | {
      type: 'refresh-succeeded';
      reason: RefreshReason;
      background: boolean;
      duration: number;
      /** Milliseconds since the epoch. */
      expiresAt: number;
      /** Whether another process fetched the token. */
      fromStore: boolean;
    }
  | {
      type: 'refresh-failed';
      reason: RefreshReason;
      background: boolean;
      duration: number;
      error: TokenError;
    }
  /** The store threw or took too long. The token is not shared until `store-recovered`. */
  | { type: 'store-failed'; operation: 'get' | 'set' | 'lock'; error: TokenError }
  | { type: 'store-recovered' }
  /** This process acquired the lock and fetches the token. `waited` is the time that it waited for the lock. */
  | { type: 'store-lock-acquired'; waited: number }
  /** The lock was lost before the token arrived, because the store was emptied or this process was suspended. */
  | { type: 'store-lock-lost' }
  /** A token was not stored, because the store holds a token that was fetched under a later lock. */
  | { type: 'store-write-refused' }
  /** A request is replayed with a new token. `count` is 1 for the first replay. */
  | { type: 'replay'; method: string; url: string; count: number }
  /** A request is retried after 429, 5xx or a network error. `count` is 1 for the first retry. */
  | {
      type: 'retry';
      method: string;
      url: string;
      count: number;
      delay: number;
      status?: number;
      code?: string;
    }
  /** A request was sent without a token. Emitted once for each request, after its first response, whose status is `status`. */
  | {
      type: 'request-skipped';
      /**
       * `opted-out`: the request sets `authRefresh: false`. `own-credentials`: it sets `auth` or the header field of the token, or its URL
       * contains credentials. `foreign-origin`: its origin may not receive the token. `insecure-origin`: it uses plain http beyond loopback.
       */
      reason: 'opted-out' | 'own-credentials' | 'foreign-origin' | 'insecure-origin';
      method: string;
      url: string;
      status?: number;
    };

/** Receives events. If a listener throws, the error is reported as a process warning and has no other effect. */
export type AuthRefreshListener = (event: AuthRefreshEvent) => void;

export interface Emitter {
  emit(event: AuthRefreshEvent): void;
  /** @returns a function that removes the listener. */
  subscribe(listener: AuthRefreshListener): () => void;
}

/** Creates an {@link Emitter} whose listeners may throw. */
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

/** Calls a listener. If it throws or rejects, emits a process warning. */
export function notify(listener: AuthRefreshListener, event: AuthRefreshEvent): void {
  // A listener may be async although its type returns void.
  (async () => listener(event))().catch((error: unknown) => {
    // If the error were ignored, a broken listener would look like an application without events.
    warn(`an onEvent listener failed: ${messageOf(error)}`);
  });
}
