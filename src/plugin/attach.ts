import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import {
  AuthRefreshError,
  type AuthRefreshEvent,
  isAuthRefreshError,
  isTokenError,
  type RequestSummary,
  type TokenSet,
  type Vendor,
} from '../core/index.ts';
import { callbackFailed, createResourceOrigins, lacksBase, notify, readBody } from '../core/internal.ts';
import { createTokenManager, type TokenManager } from '../token/index.ts';
import { type AuthRefreshOptions, checkAttachOptions } from './attach-options.ts';
import { bearerError } from './bearer-challenge.ts';
import { conceal } from './redact-for-logging.ts';
import { discard, isRepeatable } from './request-body.ts';
import { createWatchedEnv } from './response-url.ts';
import { installRetry } from './retry.ts';
import { sendAuthorized, sendUntouched } from './send.ts';

/** What {@link attachAuthRefresh} returns. */
export interface AuthRefreshAttachment {
  readonly tokens: TokenManager;
  /**
   * Takes everything off the instance again. Requests that are on the wire or wait for a token go on as they began; one
   * that waits for a retry, or is sent again later, is sent without a token.
   */
  detach(): void;
}

// Symbols and not WeakMaps, which would be module state and blind to another copy of this package.
const ATTACHED = Symbol.for('axios-oauth-refresh.attached');
const INNER = Symbol.for('axios-oauth-refresh.inner');

// Replays that cost no fetch come to an end too.
const MAX_FREE_REPLAYS = 4;

// RFC 6750 section 3.1: a new token would be refused likewise. Other codes, and none, leave hope.
const INCURABLE = new Set<string | undefined>(['insufficient_scope', 'invalid_request']);

type Guard = AxiosAdapter & { [INNER]?: AxiosAdapter };

/**
 * Makes an axios instance survive OAuth 2.0 token expiry: it sends the bearer token, refreshes it before it expires,
 * and when the API answers 401, all requests wait for one token fetch and are replayed.
 *
 * The request path is this file, from `guarded` on.
 *
 * @throws ConfigurationError that lists everything wrong with the options; also when attached already.
 * @example
 * attachAuthRefresh(api, { vendor: genesysCloud({ region: 'eu_central_1', clientId, clientSecret }) });
 */
export function attachAuthRefresh(
  instance: AxiosInstance,
  options: AuthRefreshOptions,
): AuthRefreshAttachment {
  const marked = instance as AxiosInstance & { [ATTACHED]?: true };
  checkAttachOptions(instance, options, marked?.[ATTACHED] === true);

  const { maxReplays = 1, shouldRefresh, onEvent } = options;
  const tokens =
    options.tokens ?? createTokenManager({ ...options, vendor: options.vendor as Vendor, inherit: instance });
  const { vendor, clock } = tokens;
  const unsubscribe = options.tokens && onEvent ? tokens.subscribe(onEvent) : undefined;
  const origins = createResourceOrigins(
    [...vendor.resourceOrigins, ...(options.resourceOrigins ?? [])],
    () => instance.defaults.baseURL,
  );
  const watchedEnv = createWatchedEnv();
  const guards = new WeakMap<AxiosAdapter, Guard>();
  let attached = true;

  function emit(event: AuthRefreshEvent): void {
    if (onEvent) notify(onEvent, event);
  }

  /** The interceptor: puts the guard around the adapter, the last thing before the wire. */
  function intercept(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
    const wanted = config.adapter ?? axios.defaults.adapter;
    let adapter = axios.getAdapter(wanted, config) as Guard;
    // Of axios's own, the one without a name is made by request from `env`: fetch.
    if (typeof wanted !== 'function' && !('adapterName' in adapter)) {
      adapter = axios.getAdapter(wanted, { env: watchedEnv(config.env) });
    }
    // A config that was sent before holds a guard: never wrap twice.
    const inner = adapter[INNER] ?? adapter;
    let guard = guards.get(inner);
    if (!guard) {
      guard = Object.assign((sent: InternalAxiosRequestConfig) => guarded(sent, inner), { [INNER]: inner });
      guards.set(inner, guard);
    }
    const own = Object.isFrozen(config) ? { ...config } : config;
    retry?.claim(own);
    own.adapter = guard;
    return own;
  }

  /** Sends one request: the whole path, in order. */
  async function guarded(config: InternalAxiosRequestConfig, inner: AxiosAdapter): Promise<AxiosResponse> {
    if (!attached) return inner(config);
    // Opted out or not, an error of this request can lead to the sockets of others.
    conceal(config.httpAgent);
    conceal(config.httpsAgent);
    if (hasOwnCredentials(config)) return sendUntouched(config, inner);
    if (!origins.includes(config, apiBaseUrl()) && !(await isAnnounced(config))) {
      return sendUntouched(config, inner);
    }

    let replays = 0;
    const ready = obtainToken(config);
    let token = ready instanceof Promise ? await ready : ready;
    for (;;) {
      const outcome = await sendAuthorized(config, inner, token, apiBaseUrl(token), origins);
      const { response } = outcome;
      if (response && response.status < 400) tokens.accept(token);
      if (response?.status !== 401 || outcome.strayed) return outcome.settle();
      if (!(await isTokenRejected(response, config))) return outcome.settle();

      // Above maxReplays only where no fetch was spent on this request: there is a newer token already, or the one that
      // was refused came out of the store.
      const newer = tokens.current !== undefined && tokens.current !== token;
      const free = (newer || tokens.isFound(token)) && replays < MAX_FREE_REPLAYS;
      const replay = isRepeatable(config) && (replays < maxReplays || free);
      // A token that was fetched for this very replay is spared: its 401 says that tokens are not what is wrong.
      tokens.reject(token, { inVain: !replay && replays > 0 });
      if (!replay || tokens.current === token) return outcome.settle();
      replays++;

      // Before the wait: the token request may need the connection that this answer occupies.
      discard(response.data);
      token = await obtainToken(config, response);
      // The vendor may have announced another API with it.
      if (!origins.includes(config, apiBaseUrl(token))) return outcome.settle();
      emit({ type: 'replay', ...describe(config), count: replays });
    }
  }

  function apiBaseUrl(token = tokens.current): string | undefined {
    return token?.apiBaseUrl ?? vendor.apiBaseUrl;
  }

  /** For vendors whose API is known only from the token: whether the request is for it. */
  async function isAnnounced(config: InternalAxiosRequestConfig): Promise<boolean> {
    if (!vendor.announcesApi || tokens.current) return false;
    try {
      return origins.includes(config, apiBaseUrl(await obtainToken(config)));
    } catch (error) {
      // Who asks for an absolute URL may mean another host, to which our trouble is nothing.
      if (lacksBase(config) || !isAuthRefreshError(error)) throw error;
      return false;
    }
  }

  /** Gives the token, at once when it is at hand: most requests wait for nothing. */
  function obtainToken(
    config: InternalAxiosRequestConfig,
    refused?: AxiosResponse,
  ): TokenSet | Promise<TokenSet> {
    const token = tokens.getToken(config);
    if (!(token instanceof Promise)) return token;
    return token.catch((error: unknown) => {
      if (!isTokenError(error)) throw error;
      throw new AuthRefreshError(`No valid token: ${error.message}`, error.code, config, refused, error);
    });
  }

  /** Whether a 401 is about the token, so that a new one may cure it. */
  async function isTokenRejected(
    response: AxiosResponse,
    config: InternalAxiosRequestConfig,
  ): Promise<boolean> {
    let asked = 'shouldRefresh';
    try {
      const decision = await shouldRefresh?.(response);
      if (decision !== undefined) return decision;
      asked = 'vendor.isCurable';
      const { status, headers = {}, data } = response;
      const challenge = bearerError(headers['www-authenticate']);
      const refusal = { status, headers, bearerError: challenge, body: readBody(data) };
      return vendor.isCurable?.(refusal) ?? !INCURABLE.has(challenge);
    } catch (error) {
      throw callbackFailed(asked, error, config, response);
    }
  }

  const { random = Math.random } = options;
  const interceptor = instance.interceptors.request.use(intercept, null, { synchronous: true });
  const retry =
    options.retry === false
      ? undefined
      : installRetry(instance, options.retry ?? {}, {
          isReadOnly: (request) => vendor.isReadOnly?.(request) ?? false,
          emit,
          describe,
          now: () => clock.now(),
          random,
        });
  Object.defineProperty(marked, ATTACHED, { value: true, configurable: true });

  return {
    tokens,
    detach() {
      if (!attached) return;
      attached = false;
      instance.interceptors.request.eject(interceptor);
      retry?.uninstall();
      unsubscribe?.();
      delete marked[ATTACHED];
    },
  };
}

/** Opted out, or authorized by the caller. */
function hasOwnCredentials({ authRefresh, auth, headers }: InternalAxiosRequestConfig): boolean {
  return authRefresh === false || auth != null || headers.get('Authorization') != null;
}

/** A request in words for events and policies: no query, which may hold secrets. */
function describe({ method = 'get', url = '' }: InternalAxiosRequestConfig): RequestSummary {
  return {
    method: method.toUpperCase(),
    url: String(url)
      .replace(/[?#].*$/s, '')
      .replace(/\/\/[^/]*@/, '//'),
  };
}
