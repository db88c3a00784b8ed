import { Mutex } from 'async-mutex';
import type { InternalAxiosRequestConfig } from 'axios';
import {
  type AuthRefreshListener,
  type Clock,
  isTokenError,
  type RefreshReason,
  type TokenError,
  TokenRequestError,
  type TokenSet,
  type Vendor,
} from '../core/index.ts';
import { createEmitter, messageOf, refuse, systemClock } from '../core/internal.ts';
import { waitFor } from './caller-wait.ts';
import { createCoolDown } from './cool-down.ts';
import { createTokenFetch } from './fetch-token.ts';
import type { Pause } from './pause.ts';
import { managerProblems, type TokenManagerOptions } from './token-manager-options.ts';
import { createTokenState } from './token-state.ts';

/** Holds the token of one OAuth client. Only one refresh runs at a time. */
export interface TokenManager {
  readonly vendor: Vendor;
  readonly clock: Clock;
  /** The usable token of the manager, if any. */
  readonly current: TokenSet | undefined;
  /**
   * Returns a token that has not expired: synchronously if the manager holds one, otherwise as a promise, after a refresh that all
   * callers share.
   *
   * @param config its `signal`, `cancelToken` and `timeout` end this wait and not the refresh.
   * @throws TokenError if no token can be obtained; CanceledError on abort; AxiosError at the timeout.
   */
  getToken(config?: Partial<InternalAxiosRequestConfig>): TokenSet | Promise<TokenSet>;
  /**
   * Marks a token as rejected by the API, so that it is not used again. Has no effect if the manager already holds a newer token.
   *
   * @param token the object that `getToken` returned.
   * @param options `afterReplay`: the API refused a replay with a token that was fetched for this replay. The manager then keeps the
   * token, and ignores rejections for five seconds unless the API accepts the token: an API that refuses every token must not cause one
   * token fetch for each request.
   */
  reject(token: TokenSet | undefined, options?: { afterReplay?: boolean }): void;
  /** Marks a token as accepted by the API. */
  accept(token: TokenSet): void;
  /** Tells whether another process fetched the current token, so that no fetch was made for the request that uses it. */
  cameFromStore(token: TokenSet): boolean;
  /** @internal The pauses after a 429, by origin: all instances that share the token keep them. */
  readonly pauses: Map<string, Pause>;
  /** Adds a listener. @returns a function that removes the listener. */
  subscribe(listener: AuthRefreshListener): () => void;
}

/**
 * Creates a {@link TokenManager}. Pass it to several `attachAuthRefresh` calls to share one token between instances.
 *
 * @throws ConfigurationError that lists every problem with the options.
 */
export function createTokenManager(options: TokenManagerOptions): TokenManager {
  refuse('createTokenManager', managerProblems(options));
  const { vendor, clock = systemClock, tokenTimeout = 30_000, store, onStoreFailure, onEvent } = options;

  const { emit, subscribe } = createEmitter();
  if (onEvent) subscribe(onEvent);

  const state = createTokenState(clock);
  const coolDown = createCoolDown(clock);
  const fetchToken = createTokenFetch(options, clock, tokenTimeout, state);
  const shared = store?.share({ vendor, tokenTimeout, onStoreFailure, clock, emit });
  const mutex = new Mutex();
  let refreshing: Promise<TokenSet> | undefined;

  function getToken(config?: Partial<InternalAxiosRequestConfig>): TokenSet | Promise<TokenSet> {
    const token = state.usable();
    if (token) {
      if (state.name() === 'stale' && !refreshing && coolDown.allowsBackground()) {
        // Nobody waits for it.
        refresh().catch(() => {});
      }
      return token;
    }
    return config ? waitFor(refresh(), config as InternalAxiosRequestConfig, clock) : refresh();
  }

  /** Joins the running refresh, repeats the last failure during its cool-down, or starts a refresh. */
  function refresh(): Promise<TokenSet> {
    if (refreshing) return refreshing;
    const failure = coolDown.failure();
    if (failure) return Promise.reject(failure);
    const reason = state.name() as RefreshReason;
    refreshing = mutex.runExclusive(() => refreshAlone(reason));
    // Every caller may have been aborted, so that nobody handles a rejection.
    refreshing.catch(() => {});
    return refreshing;
  }

  /** Refreshes the token. The mutex allows one call at a time. */
  async function refreshAlone(reason: RefreshReason): Promise<TokenSet> {
    const startedAt = clock.now();
    const background = reason === 'stale';
    const about = () => ({ reason, background, duration: clock.now() - startedAt });
    try {
      if (state.name() === 'fresh') return state.token() as TokenSet;
      emit({ type: 'refresh-started', reason, background });
      const { token, fromStore } = shared
        ? await shared.obtain(fetchToken)
        : { token: await fetchToken({}), fromStore: false };
      state.receive(token, fromStore);
      coolDown.end();
      emit({ type: 'refresh-succeeded', ...about(), expiresAt: token.expiresAt, fromStore });
      return token;
    } catch (thrown) {
      const error = asTokenError(thrown);
      coolDown.begin(error, background);
      emit({ type: 'refresh-failed', ...about(), error });
      throw error;
    } finally {
      // Not in a `finally` of the promise: a caller that resumes after this refresh must be able to start the next one.
      refreshing = undefined;
    }
  }

  const manager = {
    vendor,
    clock,
    getToken,
    reject: state.reject,
    accept: state.accept,
    cameFromStore: state.cameFromStore,
    pauses: new Map<string, Pause>(),
    subscribe,
  };
  // Not enumerable, so that a logged manager shows no token.
  return Object.defineProperty(manager, 'current', { get: state.usable }) as TokenManager;
}

function asTokenError(thrown: unknown): TokenError {
  if (isTokenError(thrown)) return thrown;
  return new TokenRequestError(`the vendor's grant failed: ${messageOf(thrown)}`, { code: 'ERR_CALLBACK' });
}
