import axios, {
  type AxiosAdapter,
  type AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type AuthRefreshOptions, checkAttachOptions } from './attach-options.ts';
import { bearerError } from './challenge.ts';
import { conceal, hide } from './conceal.ts';
import { AuthRefreshError, isTokenError } from './errors.ts';
import { type AuthRefreshEvent, notify } from './events.ts';
import { readBody } from './json.ts';
import { discard, fixBoundary, isRepeatable } from './request-body.ts';
import './request-options.ts';
import { createResourceOrigins, lacksBase } from './resource-origins.ts';
import { installRetry } from './retry.ts';
import { messageOf } from './secret.ts';
import { createTokenManager, type TokenManager } from './token-manager.ts';
import type { TokenSet } from './token-set.ts';
import type { RequestSummary, Vendor } from './vendors/vendor.ts';

/** What {@link attachAuthRefresh} returns. */
export interface AuthRefreshAttachment {
  readonly tokens: TokenManager;
  /** Takes everything off the instance again. Requests under way go on as they began. */
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

/** How a send ended: axios rejects or resolves a 401, as `validateStatus` says, and here both are one. */
interface Outcome {
  response: AxiosResponse | undefined;
  settle(): AxiosResponse;
}

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
  const guards = new WeakMap<AxiosAdapter, Guard>();
  let attached = true;

  function emit(event: AuthRefreshEvent): void {
    if (onEvent) notify(onEvent, event);
  }

  /** The interceptor: puts the guard around the adapter, the last thing before the wire. */
  function intercept(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
    const adapter = axios.getAdapter(config.adapter ?? axios.defaults.adapter, config) as Guard;
    // A config that was sent before holds a guard: never wrap twice.
    const inner = adapter[INNER] ?? adapter;
    let guard = guards.get(inner);
    if (!guard) {
      guard = Object.assign((sent: InternalAxiosRequestConfig) => guarded(sent, inner), { [INNER]: inner });
      guards.set(inner, guard);
    }
    config.adapter = guard;
    return config;
  }

  /** Sends one request: the whole path, in order. */
  async function guarded(config: InternalAxiosRequestConfig, inner: AxiosAdapter): Promise<AxiosResponse> {
    if (!attached || hasOwnCredentials(config)) return inner(config);
    if (!origins.includes(config, apiBaseUrl()) && !(await isAnnounced(config))) return inner(config);

    let replays = 0;
    let token = await obtainToken(config);
    for (;;) {
      const outcome = await send(config, inner, token);
      const { response } = outcome;
      if (response?.status !== 401 || !(await isTokenRejected(response, config))) return outcome.settle();

      // Above maxReplays only with a token that is newer already: that costs no fetch.
      const newer = tokens.current !== undefined && tokens.current !== token;
      const replay = isRepeatable(config) && (replays < maxReplays || (newer && replays < MAX_FREE_REPLAYS));
      // A token that was fetched for this very replay is spared: its 401 says that tokens are not what is wrong.
      if (replay || replays === 0) tokens.reject(token);
      if (!replay) return outcome.settle();
      replays++;

      // Before the wait: the token request may need the connection that this answer occupies.
      discard(response.data);
      token = await obtainToken(config, response);
      emit({ type: 'replay', ...describe(config), count: replays });
    }
  }

  function apiBaseUrl(token = tokens.current): string | undefined {
    return token?.apiBaseUrl ?? vendor.apiBaseUrl;
  }

  /** For vendors whose API is known only from the token: whether the request is for it. */
  async function isAnnounced(config: InternalAxiosRequestConfig): Promise<boolean> {
    if (!vendor.announcesApi || tokens.current) return false;
    return origins.includes(config, apiBaseUrl(await obtainToken(config)));
  }

  async function obtainToken(config: InternalAxiosRequestConfig, refused?: AxiosResponse): Promise<TokenSet> {
    try {
      return await tokens.getToken(config);
    } catch (error) {
      if (!isTokenError(error)) throw error;
      throw new AuthRefreshError(`No valid token: ${error.message}.`, error.code, config, refused, error);
    }
  }

  /** Sends a copy of the config that carries the token; the caller's own never holds it. */
  async function send(
    config: InternalAxiosRequestConfig,
    inner: AxiosAdapter,
    token: TokenSet,
  ): Promise<Outcome> {
    fixBoundary(config, inner);
    const sent = copy(config);
    sent.headers = copy(config.headers);
    sent.headers.set('Authorization', `Bearer ${token.accessToken}`);
    const base = apiBaseUrl(token);
    if (base !== undefined && lacksBase(config)) sent.baseURL = base;
    sent.beforeRedirect = (next, ...rest) => {
      config.beforeRedirect?.(next, ...rest);
      if (!origins.includesUrl(String(next.href), base)) dropAuthorization(next.headers);
    };
    conceal(config.httpAgent);
    conceal(config.httpsAgent);

    const { body } = config.authRefresh || {};
    if (body) {
      try {
        sent.data = await body();
      } catch (error) {
        throw callbackFailed('authRefresh.body', error, config);
      }
    }
    try {
      const response = await inner(sent);
      clean(response, config);
      return { response, settle: () => response };
    } catch (error) {
      const failure = clean(error as AxiosError, config);
      return {
        response: clean(failure?.response, config),
        settle: () => {
          throw error;
        },
      };
    }
  }

  /** Whether a 401 is about the token, so that a new one may cure it. */
  async function isTokenRejected(
    response: AxiosResponse,
    config: InternalAxiosRequestConfig,
  ): Promise<boolean> {
    // After a redirect to elsewhere the 401 is not an answer to the token, which was not sent there.
    const finalUrl = response.request?.res?.responseUrl ?? response.request?.responseURL;
    if (finalUrl && !origins.includesUrl(finalUrl, apiBaseUrl())) return false;
    try {
      const decision = await shouldRefresh?.(response);
      if (decision !== undefined) return decision;
      const challenge = bearerError(response.headers['www-authenticate']);
      const { status, headers, data } = response;
      const refusal = { status, headers, bearerError: challenge, body: readBody(data) };
      return vendor.isCurable?.(refusal) ?? !INCURABLE.has(challenge);
    } catch (error) {
      throw callbackFailed('shouldRefresh', error, config, response);
    }
  }

  const { random = Math.random } = options;
  const interceptor = instance.interceptors.request.use(intercept, null, { synchronous: true });
  const uninstallRetry =
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
      uninstallRetry?.();
      unsubscribe?.();
      delete marked[ATTACHED];
    },
  };
}

/** Opted out, or authorized by the caller. */
function hasOwnCredentials({ authRefresh, auth, headers }: InternalAxiosRequestConfig): boolean {
  return authRefresh === false || auth !== undefined || headers.get('Authorization') != null;
}

/** A copy that keeps the prototype: headers stay of the axios copy that made them. */
function copy<T extends object>(source: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(source)), source);
}

/** Gives a response or an error the caller's config, and hides what leads to the sent header. */
function clean<T extends AxiosResponse | AxiosError>(
  result: T | undefined,
  config: InternalAxiosRequestConfig,
): T | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if (result.config) result.config = config;
  hide(result, 'request');
  // A stream of Node's leads to its socket, and that to the request.
  if (config.responseType === 'stream' && 'data' in result) conceal(result.data);
  return result;
}

function dropAuthorization(headers: Record<string, unknown> | undefined): void {
  for (const name of Object.keys(headers ?? {})) {
    if (name.toLowerCase() === 'authorization') delete headers?.[name];
  }
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

function callbackFailed(
  name: string,
  error: unknown,
  config: InternalAxiosRequestConfig,
  response?: AxiosResponse,
): AuthRefreshError {
  const cause = error instanceof Error ? error : undefined;
  return new AuthRefreshError(`${name} failed: ${messageOf(error)}`, 'ERR_CALLBACK', config, response, cause);
}
