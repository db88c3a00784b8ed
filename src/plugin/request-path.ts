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
import { send, settle } from './send.ts';

/** Sends one request through the adapter that it would have used without the plugin. */
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

// RFC 6750 section 3.1: with these errors a new token would be refused as well.
const INCURABLE = new Set<string | undefined>(['insufficient_scope', 'invalid_request']);

/** Makes the path of a request from the guard to its answer. `docs/architecture.md` explains the steps. */
export function createRequestPath(context: RequestPathContext): RequestPath {
  const { tokens, origins, maxReplays, shouldRefresh, emit } = context;
  const { vendor } = tokens;

  return async (config, adapter) => {
    // An error of this request can lead a logger to the sockets of other requests.
    redactForLogging(config.httpAgent);
    redactForLogging(config.httpsAgent);
    const isOurs =
      !hasOwnCredentials(config) &&
      (origins.includes(config, apiBaseUrl()) || (await isAnnouncedApi(config)));
    if (!isOurs) return settle(await send(config, adapter));

    let replays = 0;
    // Awaited only if necessary: most requests need not wait for a token.
    const held = getToken(config);
    let token = held instanceof Promise ? await held : held;
    for (;;) {
      const outcome = await send(config, adapter, { token, origins, apiBaseUrl: apiBaseUrl(token) });
      const { response, leftOrigin } = outcome;
      if (response && response.status < 400) tokens.accept(token);
      if (response?.status !== 401) return settle(outcome);

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
      // If a token that was fetched for this replay is refused, tokens are not the problem.
      if (isTokenRejected) tokens.reject(token, { afterReplay: !isReplay && replays > 0 });
      // The manager keeps the token while it ignores rejections.
      if (!isReplay || tokens.current === token) return settle(outcome);
      replays++;

      // Before the wait: the token request may need the connection that this answer occupies.
      discard(response.data);
      token = await getToken(config, response);
      // The vendor may have announced another API with the new token.
      if (!origins.includes(config, apiBaseUrl(token))) return settle(outcome);
      emit({ type: 'replay', ...describeRequest(config), count: replays });
    }
  };

  function apiBaseUrl(token = tokens.current): string | undefined {
    return token?.apiBaseUrl ?? vendor.apiBaseUrl;
  }

  /** Tells whether a request is for the API that the vendor announces with the token. */
  async function isAnnouncedApi(config: InternalAxiosRequestConfig): Promise<boolean> {
    if (!vendor.announcesApi || tokens.current) return false;
    try {
      return origins.includes(config, apiBaseUrl(await getToken(config)));
    } catch (error) {
      // An absolute URL may lead to another host, which does not need a token.
      if (lacksBase(config) || !isAuthRefreshError(error)) throw error;
      return false;
    }
  }

  /** @param refused the answer that made a new token necessary. */
  function getToken(
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

  /** Tells whether a 401 rejects the token, so that a new token may help. */
  async function rejectsToken(response: AxiosResponse, config: InternalAxiosRequestConfig): Promise<boolean> {
    let callback = 'shouldRefresh';
    try {
      const decision = await shouldRefresh?.(response);
      if (decision !== undefined) return decision;
      callback = 'vendor.isCurable';
      const { status, headers = {}, data } = response;
      const challenge = bearerError(headers['www-authenticate']);
      const refusal = { status, headers, bearerError: challenge, body: readBody(data) };
      return vendor.isCurable?.(refusal) ?? !INCURABLE.has(challenge);
    } catch (error) {
      throw callbackFailed(callback, error, config, response);
    }
  }
}

/** Opted out, or authorized by the caller. */
function hasOwnCredentials({ authRefresh, auth, headers }: InternalAxiosRequestConfig): boolean {
  return authRefresh === false || auth != null || headers.get('Authorization') != null;
}
