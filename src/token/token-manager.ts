import { Mutex } from 'async-mutex';
import type { InternalAxiosRequestConfig } from 'axios';
import {
  type AuthRefreshListener,
  type Clock,
  type ObtainedToken,
  type RefreshReason,
  TokenRequestError,
  type TokenSet,
  type Vendor,
} from '../core/index.ts';
import {
  createEmitter,
  messageOf,
  monotonicOf,
  ownValue,
  readOptions,
  refuse,
  systemClock,
  withDeadline,
} from '../core/internal.ts';
import { waitFor } from './caller-wait.ts';
import { createCoolDown } from './cool-down.ts';
import { createTokenFetch } from './fetch-token.ts';
import type { SendPauses } from './pause.ts';
import { toTokenError } from './to-token-error.ts';
import { MANAGER_OPTIONS, managerProblems, type TokenManagerOptions } from './token-manager-options.ts';
import { createTokenState } from './token-state.ts';

/** Holds the token of one OAuth client. Only one refresh runs at a time. */
export interface TokenManager {
  readonly vendor: Vendor;
  readonly clock: Clock;
  /** The usable token of the manager, if any. */
  readonly current: TokenSet | undefined;
  /** The last token of the manager, even if the token has expired or was rejected. */
  readonly last: TokenSet | undefined;
  /**
   * Returns a token that has not expired: synchronously if the manager holds one, otherwise as a promise, after a refresh that all
   * callers share.
   *
   * @param config its `signal`, `cancelToken` and `timeout` end this wait and not the refresh.
   * @throws TokenError if no token can be obtained; CanceledError on abort; AxiosError at the timeout.
   */
  getToken(config?: Partial<InternalAxiosRequestConfig>): TokenSet | Promise<TokenSet>;
  /**
   * Fetches a new token now, also if the current token is usable, or joins the running refresh. The current token stays in use
   * meanwhile, and also if the refresh fails. With a store, a token counts as new if another process has fetched it since this manager
   * read the store.
   *
   * @throws TokenError if no token can be obtained, or if an earlier refresh has failed a few seconds ago.
   */
  refresh(): Promise<TokenSet>;
  /**
   * Marks a token as rejected by the API, so that it is not used again. Has no effect if the manager already holds a newer token.
   *
   * @param token the object that `getToken` returned.
   * @param options `afterReplay`: the API refused a replay with a token that was fetched for this replay. The manager then keeps a token
   * that the API accepted for another request.
   */
  reject(token: TokenSet | undefined, options?: { afterReplay?: boolean }): void;
  /**
   * Records that an endpoint refused a token, and returns whether the token may be rejected for that. An endpoint that refuses every token
   * causes at most three token fetches in a minute. After three tokens in a row that no endpoint accepted, one token is fetched in five
   * seconds.
   *
   * @param request its method, URL and base URL identify the endpoint.
   */
  mayReject(token: TokenSet, request: Partial<InternalAxiosRequestConfig>): boolean;
  /** Marks a token as accepted by the API, and by the endpoint of a request. */
  accept(token: TokenSet, request?: Partial<InternalAxiosRequestConfig>): void;
  /** Tells whether another process fetched the current token, so that no fetch was made for the request that uses it. */
  cameFromStore(token: TokenSet): boolean;
  /** @internal The pauses after a 429, by origin: all instances that share the token keep them. */
  readonly sendPauses: SendPauses;
  /** Adds a listener. @returns a function that removes the listener. */
  subscribe(listener: AuthRefreshListener): () => void;
}

/**
 * Creates a {@link TokenManager}. Pass it to several `attachAuthRefresh` calls to share one token between instances.
 *
 * @throws ConfigurationError that lists every problem with the options.
 */
export function createTokenManager(options: TokenManagerOptions): TokenManager {
  const [own, problems] = readOptions(options, MANAGER_OPTIONS);
  refuse('createTokenManager', [...problems, ...managerProblems(own)]);
  return createCheckedManager(own);
}

/** Creates a manager whose options are checked. */
export function createCheckedManager(options: TokenManagerOptions): TokenManager {
  const {
    vendor,
    clock = systemClock,
    tokenTimeout = 30_000,
    store,
    onStoreFailure,
    onEvent,
    onToken,
  } = options;

  const { emit, subscribe } = createEmitter();
  if (onEvent) subscribe(onEvent);

  const monotonic = monotonicOf(clock);
  const state = createTokenState(clock, vendor.apiBaseUrl);
  const coolDown = createCoolDown(clock);
  const { fetch, refuseGrant } = createTokenFetch(options, clock, tokenTimeout, state, () => isRequested);
  const shared = store?.share({ vendor, tokenTimeout, onStoreFailure, clock, emit });
  const mutex = new Mutex();
  let refreshing: Promise<TokenSet> | undefined;
  /** Whether a caller of `tokens.refresh()` waits. */
  let isRequested = false;
  /** A fetched token that `onToken` has not accepted yet. Its refresh token may have replaced the one that the application keeps. */
  let pending: ObtainedToken | undefined;

  function getToken(config?: Partial<InternalAxiosRequestConfig>): TokenSet | Promise<TokenSet> {
    const token = state.usable();
    if (token) {
      if (state.name() === 'stale' && !refreshing && coolDown.allowsBackground()) {
        // Nobody waits for it.
        refresh().catch(() => {});
      }
      return token;
    }
    refuseGrant();
    return config ? waitFor(refresh(), config as InternalAxiosRequestConfig, clock) : refresh();
  }

  /** Joins the running refresh, repeats the last failure during its cool-down, or starts a refresh. */
  function refresh(isByCaller = false): Promise<TokenSet> {
    if (!refreshing) {
      const failure = coolDown.failure();
      if (failure) return Promise.reject(failure);
      const name = state.name();
      refreshing = mutex.runExclusive(() => refreshAlone(name === 'fresh' ? 'requested' : name));
      // Every caller may have been aborted, so that nobody handles a rejection.
      refreshing.catch(() => {});
    }
    isRequested ||= isByCaller;
    return refreshing;
  }

  /** Refreshes the token. The mutex allows one call at a time. */
  async function refreshAlone(reason: RefreshReason): Promise<TokenSet> {
    const startedAt = monotonic();
    const background = state.usable() !== undefined;
    const about = () => ({ reason, background, duration: monotonic() - startedAt });
    try {
      emit({ type: 'refresh-started', reason, background });
      const { token, fromStore } = await obtain();
      coolDown.end();
      emit({ type: 'refresh-succeeded', ...about(), expiresAt: token.expiresAt, fromStore });
      return token;
    } catch (thrown) {
      const error = toTokenError(thrown, clock.now());
      // The next refresh sends no token request if a token is pending.
      if (!pending) coolDown.begin(error, background && !isRequested);
      emit({ type: 'refresh-failed', ...about(), error });
      throw error;
    } finally {
      // Not in a `finally` of the promise: a caller that resumes after this refresh must be able to start the next one.
      refreshing = undefined;
      isRequested = false;
    }
  }

  async function obtain(): Promise<ObtainedToken> {
    const wasEmpty = state.name() === 'empty';
    const wasPending = pending;
    const obtained: ObtainedToken =
      pending ?? (await (shared?.obtain(fetch) ?? fetch({}).then((token) => ({ token, fromStore: false }))));
    const { fromStore } = obtained;
    // A process that can write to the store must not choose the host that gets the token.
    const token = Object.freeze({
      ...obtained.token,
      apiBaseUrl: ownValue(vendor, 'announcesApi') ? ownValue(obtained.token, 'apiBaseUrl') : undefined,
    });
    if (onToken && !fromStore) {
      pending = obtained;
      const late = () => new Error(`no result after ${tokenTimeout} ms`);
      await withDeadline(clock, tokenTimeout, late, async () => onToken(token)).catch((thrown) => {
        // The error of a database can quote the values of the statement.
        const reason = [token.accessToken, token.refreshToken || token.accessToken].reduce(
          (text, secret) => text.replaceAll(secret, '[redacted]'),
          messageOf(thrown),
        );
        throw new TokenRequestError(`onToken failed: ${reason}`, { code: 'ERR_CALLBACK' });
      });
      pending = undefined;
    }
    state.receive(token, fromStore);
    // A pending token may have expired. A store may hold a token that is older than the call of `tokens.refresh()`.
    const isOld = wasPending ? state.name() !== 'fresh' : fromStore && wasEmpty && isRequested;
    return isOld ? obtain() : { token, fromStore };
  }

  const manager = {
    vendor,
    clock,
    getToken,
    refresh: () => refresh(true),
    reject: state.reject,
    mayReject: state.mayReject,
    accept: state.accept,
    cameFromStore: state.cameFromStore,
    sendPauses: { now: monotonic, byOrigin: new Map() },
    subscribe,
  };
  // Not enumerable, so that a logged manager shows no token.
  const tokens = { current: { get: state.usable }, last: { get: state.token } };
  return Object.defineProperties(manager, tokens) as TokenManager;
}
