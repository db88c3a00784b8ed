import { Mutex } from 'async-mutex';
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import {
  type AuthRefreshListener,
  type Clock,
  type GrantContext,
  isTokenError,
  type RefreshReason,
  type TokenError,
  TokenRequestError,
  type TokenResponse,
  type TokenSet,
  type Vendor,
} from '../core/index.ts';
import { createEmitter, messageOf, systemClock, toTokenSet, withDeadline } from '../core/internal.ts';
import { waitFor } from './caller-wait.ts';
import { createSharedToken, type FetchContext } from './shared-token.ts';
import { storeKey } from './store-key.ts';
import { checkTokenManagerOptions, type TokenManagerOptions } from './token-manager-options.ts';

/** Holds the token of one OAuth client and sees to it that only one refresh runs at a time. */
export interface TokenManager {
  readonly vendor: Vendor;
  readonly clock: Clock;
  /** The token that may be used right now, if there is one. */
  readonly current: TokenSet | undefined;
  /**
   * Gives a token that has not expired: at once, not as a promise, when one is at hand; else after a refresh that all
   * callers share.
   *
   * @param config `signal`, `cancelToken` and `timeout` of it end this one wait, not the refresh.
   * @throws TokenError when none can be had; CanceledError; AxiosError at the timeout.
   */
  getToken(config?: Partial<InternalAxiosRequestConfig>): TokenSet | Promise<TokenSet>;
  /**
   * Says that the API answered 401 to a token: it is not used again.
   * Does nothing when another token has taken its place already.
   *
   * @param token the very object that `getToken` gave.
   * @param options `inVain`: it was fetched for the request whose replay was refused. It is kept then, and for five
   * seconds no other 401 rejects it either, unless the API takes it meanwhile: an API that refuses every token must not
   * cost a fetch for each request.
   */
  reject(token: TokenSet | undefined, options?: { inVain?: boolean }): void;
  /** Says that the API took a token. */
  accept(token: TokenSet): void;
  /** Whether a token was found in the store: it was not fetched for whoever was given it, and may be no good either. */
  isFound(token: TokenSet): boolean;
  /** Adds a listener. @returns a function that takes it off again. */
  subscribe(listener: AuthRefreshListener): () => void;
}

/** Time for which a failed refresh is not repeated, unless the server says another. */
const COOL_DOWN = 5_000;
const MAX_COOL_DOWN = 3_600_000;

/**
 * Makes a {@link TokenManager}; give it to several `attachAuthRefresh` calls to share one token.
 *
 * @throws ConfigurationError that lists everything wrong with the options.
 */
export function createTokenManager(options: TokenManagerOptions): TokenManager {
  checkTokenManagerOptions(options);
  const { vendor, clock = systemClock, random = Math.random, tokenTimeout = 30_000, inherit } = options;
  const timing = {
    refreshBuffer: options.refreshBuffer ?? 300_000,
    defaultLifetime: options.defaultLifetime ?? 3_600_000,
    random,
  };
  const http = options.tokenClient ?? axios.create();

  const { emit, subscribe } = createEmitter();
  if (options.onEvent) subscribe(options.onEvent);

  const shared =
    options.store &&
    createSharedToken({
      store: options.store,
      key: storeKey(vendor),
      duration: tokenTimeout,
      strict: options.onStoreFailure === 'fail',
      clock,
      emit,
    });
  const mutex = new Mutex();
  let held: TokenSet | undefined;
  // Whether the one held was fetched elsewhere.
  let found = false;
  let rejected = false;
  let accepted = false;
  let sparedUntil = 0;
  let flight: Promise<TokenSet> | undefined;
  let failure: { error: TokenError; at: number; until: number } | undefined;
  let noBackgroundUntil = 0;

  function usable(): TokenSet | undefined {
    return held && !rejected && clock.now() < held.expiresAt ? held : undefined;
  }

  function getToken(config?: Partial<InternalAxiosRequestConfig>): TokenSet | Promise<TokenSet> {
    const token = usable();
    if (token) {
      const now = clock.now();
      if (now >= token.refreshAt && now >= noBackgroundUntil && !flight) refresh('stale').catch(ignore);
      return token;
    }
    const fresh = refresh(!held ? 'empty' : rejected ? 'rejected' : 'expired');
    return config ? waitFor(fresh, config as InternalAxiosRequestConfig, clock) : fresh;
  }

  function reject(token: TokenSet | undefined, { inVain = false } = {}): void {
    // By identity: a server that caches hands out the same text again, and that is a new token all the same.
    if (token !== held) return;
    const now = clock.now();
    if (inVain) sparedUntil = now + COOL_DOWN;
    else if (accepted || now >= sparedUntil) rejected = true;
  }

  function accept(token: TokenSet): void {
    if (token === held) accepted = true;
  }

  function isFound(token: TokenSet): boolean {
    return found && token === held;
  }

  /** Joins the refresh under way, answers from the last failure while it cools down, or begins a refresh. */
  function refresh(reason: RefreshReason): Promise<TokenSet> {
    if (flight) return flight;
    const now = clock.now();
    // A clock that was set back since must not make this last for as long as it was wrong.
    if (failure && now >= failure.at && now < failure.until) return Promise.reject(failure.error);
    flight = mutex.runExclusive(() => fetchToken(reason));
    // Nobody may be waiting: every caller may have been aborted.
    flight.catch(ignore);
    return flight;
  }

  /** The critical section: look again, fetch (by turns with others where there is a store), publish. */
  async function fetchToken(reason: RefreshReason): Promise<TokenSet> {
    const startedAt = clock.now();
    const background = reason === 'stale';
    const elapsed = () => clock.now() - startedAt;
    try {
      const again = usable();
      if (again && startedAt < again.refreshAt) return again;
      emit({ type: 'refresh-started', reason, background });
      const { token, fromStore } = shared
        ? await shared.obtain(request)
        : { token: await request({}), fromStore: false };
      held = token;
      found = fromStore;
      rejected = false;
      accepted = false;
      sparedUntil = 0;
      failure = undefined;
      const { expiresAt } = token;
      emit({ type: 'refresh-succeeded', reason, background, duration: elapsed(), expiresAt, fromStore });
      return token;
    } catch (thrown) {
      const error = asTokenError(thrown);
      const now = clock.now();
      const pause = coolDown(error, background);
      if (pause > 0) failure = { error, at: now, until: now + pause };
      noBackgroundUntil = now + Math.max(pause, COOL_DOWN);
      emit({ type: 'refresh-failed', reason, background, duration: elapsed(), error });
      throw error;
    } finally {
      // Here, not behind the promise: whoever it wakes must find the way to the next refresh open.
      flight = undefined;
    }
  }

  /** Has the vendor's grant bring a token. */
  async function request(known: Partial<FetchContext>): Promise<TokenSet> {
    const requestedAt = clock.now();
    const expired = () =>
      new TokenRequestError(
        `no token after ${tokenTimeout} ms. Check the token endpoint, or raise tokenTimeout`,
        {
          code: 'ERR_TOKEN_TIMEOUT',
        },
      );
    const { adopted, response } = await withDeadline(clock, tokenTimeout, expired, (signal) =>
      runGrant(signal, requestedAt + tokenTimeout, known),
    );
    if (adopted) return adopted;
    return toTokenSet(response, requestedAt, timing);
  }

  async function runGrant(
    signal: AbortSignal,
    deadline: number,
    known: Partial<FetchContext>,
  ): Promise<{ response?: TokenResponse; adopted?: TokenSet }> {
    const context = (refreshToken?: string): GrantContext => ({
      // Past every guard: the token request must not wait for a token.
      request: (config) => http.request({ ...transport(), ...config, authRefresh: false }),
      signal,
      deadline,
      clock,
      random,
      // While a token is at hand nobody waits: the next request will try again, and a script can end.
      get retries() {
        return usable() ? 0 : (options.tokenRetries ?? 3);
      },
      retryDelay: options.tokenRetryDelay ?? 500,
      ...(refreshToken !== undefined && { refreshToken }),
    });
    const refreshToken = known.refreshToken ?? held?.refreshToken;
    if (!vendor.refreshGrant || !refreshToken) return { response: await vendor.grant(context()) };
    try {
      return { response: await vendor.refreshGrant(context(refreshToken)) };
    } catch (error) {
      if (!isTokenError(error) || error.error !== 'invalid_grant') throw error;
      // Somebody else may have rotated it a moment ago and left the new token in the store.
      const adopted = await known.lookAgain?.();
      return adopted ? { adopted } : { response: await vendor.grant(context()) };
    }
  }

  /** Proxy and agents, asked for at each request: the application may set them late. */
  function transport(): AxiosRequestConfig {
    if (options.tokenClient || !inherit) return {};
    const { proxy, httpAgent, httpsAgent } = inherit.defaults;
    return { ...(proxy !== undefined && { proxy }), httpAgent, httpsAgent };
  }

  const manager = { vendor, clock, getToken, reject, accept, isFound, subscribe };
  // Not enumerable: a manager that is logged shows no token.
  return Object.defineProperty(manager, 'current', { get: usable }) as TokenManager;
}

/** Milliseconds for which the error answers in place of the token endpoint. */
function coolDown(error: TokenError, background: boolean): number {
  if (error.retryAfter) return Math.min(error.retryAfter, MAX_COOL_DOWN);
  if (error.code === 'ERR_TOKEN_ENDPOINT' || error.code === 'ERR_TOKEN_THROTTLED') return COOL_DOWN;
  // An axios-retry of the application's takes these errors for those of the network and comes back at once. A background
  // refresh has not tried everything.
  const isLost = error.code === 'ERR_TOKEN_REQUEST' || error.code === 'ERR_TOKEN_STORE';
  return isLost && !background ? COOL_DOWN / 5 : 0;
}

function asTokenError(thrown: unknown): TokenError {
  if (isTokenError(thrown)) return thrown;
  return new TokenRequestError(`the vendor's grant failed: ${messageOf(thrown)}`, { code: 'ERR_CALLBACK' });
}

function ignore(): void {}
