import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import {
  AuthRefreshError,
  type AuthRefreshEvent,
  isAuthRefreshError,
  isTokenError,
  type TokenSet,
} from '../core/index.ts';
import { callbackFailed, lacksBase, type ResourceOrigins, readBody } from '../core/internal.ts';
import type { TokenManager } from '../token/index.ts';
import type { AuthRefreshOptions } from './attach-options.ts';
import { bearerError } from './bearer-challenge.ts';
import { describeRequest } from './describe-request.ts';
import { redactForLogging } from './redact-for-logging.ts';
import { decideReplay } from './replay-decision.ts';
import { discard, isRepeatable } from './request-body.ts';
import { send, unwrap } from './send.ts';

/** Sends one request through the adapter that it would use without the plugin. */
export type RequestPath = (
  config: InternalAxiosRequestConfig,
  adapter: AxiosAdapter,
) => Promise<AxiosResponse>;

/** What the request path needs from its attachment. */
export interface RequestPathContext {
  tokens: TokenManager;
  origins: ResourceOrigins;
  maxReplays: number;
  shouldRefresh: AuthRefreshOptions['shouldRefresh'];
  emit: (event: AuthRefreshEvent) => void;
}

// RFC 6750 section 3.1: after these errors the API would refuse a new token as well.
const INCURABLE: (string | undefined)[] = ['insufficient_scope', 'invalid_request'];

/** Creates the path of a request from the guard to its response. `docs/architecture.md` explains the steps. */
export function createRequestPath(context: RequestPathContext): RequestPath {
  const { tokens, origins, maxReplays, shouldRefresh, emit } = context;
  const { vendor } = tokens;

  return async (config, adapter) => {
    // An error of this request refers to the agents, and the agents to the sockets of other requests.
    redactForLogging(config.httpAgent);
    redactForLogging(config.httpsAgent);
    const isOurs =
      !hasOwnCredentials(config) &&
      (origins.includes(config, apiBaseUrl()) || (await isAnnouncedApi(config)));
    if (!isOurs) return unwrap(await send(config, adapter));

    let replays = 0;
    // Awaited only if necessary: most requests need not wait for a token.
    const held = getToken(config);
    let token = 'accessToken' in held ? held : await held;
    for (;;) {
      const outcome = await send(config, adapter, { token, origins, apiBaseUrl: apiBaseUrl(token) });
      const { response, leftOrigin } = outcome;
      if (response && response.status < 400) tokens.accept(token);
      if (response?.status !== 401) return unwrap(outcome);

      const isTokenRejected = !leftOrigin && (await rejectsToken(response, config));
      const { current } = tokens;
      const { action } = decideReplay({
        leftOrigin,
        isTokenRejected,
        isRepeatable: isRepeatable(config),
        replays,
        maxReplays,
        hasNewerToken: current !== undefined && current !== token,
        cameFromStore: tokens.cameFromStore(token),
      });
      const isReplay = action !== 'return-answer';
      // If the API refuses a token that was fetched for this replay, a new token does not help.
      if (isTokenRejected) tokens.reject(token, { afterReplay: !isReplay && replays > 0 });
      // The manager keeps the token while it ignores rejections.
      if (!isReplay || tokens.current === token) return unwrap(outcome);
      replays++;

      // Before the wait: the token request may need the connection that this response occupies.
      discard(response.data);
      token = await getToken(config, response);
      // The vendor may have announced another API with the new token.
      if (!origins.includes(config, apiBaseUrl(token))) return unwrap(outcome);
      emit({ type: 'replay', ...describeRequest(config), count: replays });
    }
  };

  function apiBaseUrl(token = tokens.current): string | undefined {
    return token?.apiBaseUrl ?? vendor.apiBaseUrl;
  }

  /** Returns whether a request goes to the API that the vendor announces with the token. */
  async function isAnnouncedApi(config: InternalAxiosRequestConfig): Promise<boolean> {
    if (!vendor.announcesApi || tokens.current) return false;
    try {
      return origins.includes(config, apiBaseUrl(await getToken(config)));
    } catch (error) {
      // An absolute URL may belong to another host, which needs no token.
      if (lacksBase(config) || !isAuthRefreshError(error)) throw error;
      return false;
    }
  }

  /** @param refused the response that made a new token necessary. */
  function getToken(
    config: InternalAxiosRequestConfig,
    refused?: AxiosResponse,
  ): TokenSet | Promise<TokenSet> {
    const token = tokens.getToken(config);
    if ('accessToken' in token) return token;
    return token.catch((error: unknown) => {
      if (!isTokenError(error)) throw error;
      throw new AuthRefreshError(`No valid token: ${error.message}`, error.code, config, refused, error);
    });
  }

  /** Returns whether a 401 rejects the token, so that a new token may help. */
  async function rejectsToken(response: AxiosResponse, config: InternalAxiosRequestConfig): Promise<boolean> {
    let callback = 'shouldRefresh';
    try {
      const decision = await shouldRefresh?.(response);
      if (decision !== undefined) return decision;
      callback = 'vendor.isCurable';
      const { status, headers = {}, data } = response;
      const challenge = bearerError(headers['www-authenticate']);
      const refusal = { status, headers, bearerError: challenge, body: readBody(data) };
      return vendor.isCurable?.(refusal) ?? !INCURABLE.includes(challenge);
    } catch (error) {
      throw callbackFailed(callback, error, config, response);
    }
  }
}

/** Returns whether the request opted out or carries the caller's own credentials. */
function hasOwnCredentials({ authRefresh, auth, headers }: InternalAxiosRequestConfig): boolean {
  return authRefresh === false || auth != null || headers.get('Authorization') != null;
}
