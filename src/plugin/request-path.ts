import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import {
  AuthRefreshError,
  type AuthRefreshEvent,
  isAuthRefreshError,
  isTokenError,
  type TokenSet,
} from '../core/index.ts';
import {
  bearerError,
  callbackFailed,
  lacksBase,
  ownValue,
  type ResourceOrigins,
  readBody,
  requestUrl,
} from '../core/internal.ts';
import type { TokenManager } from '../token/index.ts';
import type { AuthRefreshOptions } from './attach-options.ts';
import { describeRequest } from './describe-request.ts';
import { lostResponse } from './lost-response.ts';
import { redactShared } from './redact-for-logging.ts';
import { decideReplay } from './replay-decision.ts';
import { discard, isRepeatable } from './request-body.ts';
import { measureWait, type RequestPath, type RequestRun } from './request-run.ts';
import { type Authorization, send, unwrap } from './send.ts';
import type { SendGate } from './send-gate.ts';
import { originReason, ownReason, type SkipReason } from './skip-reason.ts';

/** What the request path needs from its attachment. */
export interface RequestPathContext {
  tokens: TokenManager;
  origins: ResourceOrigins;
  header: Authorization['header'];
  options: Pick<AuthRefreshOptions, 'maxReplays' | 'statusCodes' | 'shouldRefresh'>;
  gate: SendGate;
  /** The monotonic clock. */
  now: () => number;
  /** Whether the plugin is attached. Otherwise requests carry no token. */
  isAttached: () => boolean;
  emit: (event: AuthRefreshEvent) => void;
}

// RFC 6750 section 3.1: after these errors the API would refuse a new token as well.
const INCURABLE: (string | undefined)[] = ['insufficient_scope', 'invalid_request'];

// A proxy can answer with these statuses without checking the token.
const UNRELATED = [408, 429];

/** Creates the path of a request from the guard to its response. `docs/architecture.md` explains the steps. */
export function createRequestPath(context: RequestPathContext): RequestPath {
  const { tokens, origins, header, options, gate, now, isAttached, emit } = context;
  const { maxReplays = 1, statusCodes, shouldRefresh } = options;
  const { vendor } = tokens;
  const vendorBaseUrl = ownValue(vendor, 'apiBaseUrl');

  return async (config, adapter, run) => {
    // An error of this request refers to the agents, and the agents to the sockets of other requests.
    redactShared(config.httpAgent);
    redactShared(config.httpsAgent);
    if (!isAttached()) {
      run.attempts++;
      return unwrap(await send(config, adapter));
    }
    let skipReason = ownReason(config, header.name);
    if (!skipReason && !origins.includes(config, apiBaseUrl()) && !(await isAnnouncedApi(config, run))) {
      skipReason = originReason(requestUrl(config, apiBaseUrl()));
    }
    if (skipReason) return sendWithoutToken(config, adapter, run, skipReason);

    let replays = 0;
    // Awaited only if necessary: most requests need not wait for a token.
    const held = prepareSend(config, run);
    let token = 'accessToken' in held ? held : await held;
    for (;;) {
      run.attempts++;
      const outcome = await send(config, adapter, { token, header, origins, apiBaseUrl: apiBaseUrl(token) });
      const { leftOrigin } = outcome;
      const response = outcome.response ?? lostResponse(outcome.thrown?.[0], config);
      if (response?.status === 429 && !leftOrigin) gate.refused(config, apiBaseUrl(token), response);
      if (!response || mustNotRefresh(config)) return unwrap(outcome);
      const { status } = response;
      const mayRefuse = concernsToken(status);
      const isTokenRejected = mayRefuse && !leftOrigin && (await rejectsToken(response, config));
      if (!isTokenRejected && !leftOrigin && status < 500 && !UNRELATED.includes(status)) {
        tokens.accept(token, config);
      }
      if (!mayRefuse) return unwrap(outcome);

      const mayFetch = isTokenRejected && tokens.mayReject(token, config);
      const { current } = tokens;
      const decision = decideReplay({
        leftOrigin,
        isTokenRejected,
        isRepeatable: isRepeatable(config),
        replays,
        maxReplays,
        hasNewerToken: current !== undefined && current !== token,
        cameFromStore: tokens.cameFromStore(token),
        mayFetch,
      });
      const isReplay = decision !== 'return-answer';
      // Without a replay too: later requests must not begin with a refused token.
      if (mayFetch) tokens.reject(token, { afterReplay: !isReplay && replays > 0 });
      if (!isReplay) return unwrap(outcome);
      replays++;

      // Before the wait: the token request may need the connection that this response occupies.
      discard(response.data);
      token = await prepareSend(config, run, outcome.response);
      // The vendor may have announced another API with the new token.
      if (!origins.includes(config, apiBaseUrl(token))) return unwrap(outcome);
      run.replays++;
      emit({ type: 'replay', ...describeRequest(config), count: replays });
    }
  };

  function apiBaseUrl(token = tokens.current): string | undefined {
    return token?.apiBaseUrl ?? vendorBaseUrl;
  }

  /** Returns whether a request goes to the API that the vendor announces with the token. */
  async function isAnnouncedApi(config: InternalAxiosRequestConfig, run: RequestRun): Promise<boolean> {
    if (!vendor.announcesApi || tokens.current) return false;
    try {
      return origins.includes(config, apiBaseUrl(await getToken(config, run)));
    } catch (error) {
      // An absolute URL may belong to another host, which needs no token.
      if (lacksBase(config) || !isAuthRefreshError(error)) throw error;
      return false;
    }
  }

  async function sendWithoutToken(
    config: InternalAxiosRequestConfig,
    adapter: AxiosAdapter,
    run: RequestRun,
    reason: SkipReason,
  ): Promise<AxiosResponse> {
    if (lacksBase(config)) {
      const base = apiBaseUrl(tokens.last);
      if (base) config.baseURL = base;
      else if (vendor.announcesApi) throw noToken(', or set baseURL', config);
    }
    run.attempts++;
    const outcome = await send(config, adapter);
    const { response } = outcome;
    // Once for each request, not for each of its retries.
    if (run.attempts === 1) {
      emit({
        type: 'request-skipped',
        reason,
        ...describeRequest(config),
        ...(response && { status: response.status }),
      });
    }
    return unwrap(outcome);
  }

  /** Waits at the gate and then for a token, which could expire at the gate. @param refused as in {@link getToken}. */
  function prepareSend(
    config: InternalAxiosRequestConfig,
    run: RequestRun,
    refused?: AxiosResponse,
  ): TokenSet | Promise<TokenSet> {
    const turn = gate.enter(config, apiBaseUrl(), run.attempts);
    if (!turn) return getToken(config, run, refused);
    return measureWait(run, 'the rate limit', now, turn).then(() => getToken(config, run, refused));
  }

  /** @param refused the response that made a new token necessary. */
  function getToken(
    config: InternalAxiosRequestConfig,
    run: RequestRun,
    refused?: AxiosResponse,
  ): TokenSet | Promise<TokenSet> {
    if (mustNotRefresh(config)) {
      if (!tokens.last) throw noToken('', config);
      return tokens.last;
    }
    const token = tokens.getToken(config);
    if ('accessToken' in token) return token;
    return measureWait(run, 'a token', now, token).catch((error: unknown) => {
      if (!isTokenError(error)) throw error;
      throw new AuthRefreshError(`No valid token: ${error.message}`, error.code, config, refused, error);
    });
  }

  /** Returns whether responses with a status may reject the token. */
  function concernsToken(status: number): boolean {
    if (statusCodes) return statusCodes.includes(status);
    return (
      status === 401 || (!!shouldRefresh && status >= 400 && status < 500 && !UNRELATED.includes(status))
    );
  }

  /** Returns whether a response rejects the token, so that a new token may help. */
  async function rejectsToken(response: AxiosResponse, config: InternalAxiosRequestConfig): Promise<boolean> {
    let callback = 'shouldRefresh';
    const { status, headers = {}, data } = response;
    const body = readBody(data);
    try {
      const decision = await shouldRefresh?.(response, body);
      if (decision !== undefined) return decision;
      if (statusCodes ? status < 400 : status !== 401) return false;
      callback = 'vendor.isCurable';
      const challenge = bearerError(headers['www-authenticate']);
      const refusal = { status, headers, bearerError: challenge, body };
      return vendor.isCurable?.(refusal) ?? !INCURABLE.includes(challenge);
    } catch (error) {
      throw callbackFailed(callback, error, config, response);
    }
  }
}

/** Returns whether the request takes the token that the manager holds, whatever its state. */
function mustNotRefresh({ authRefresh }: InternalAxiosRequestConfig): boolean {
  return !!authRefresh && authRefresh.refresh === false;
}

/** @param or what else the caller can do, for the message. */
function noToken(or: string, config: InternalAxiosRequestConfig): AuthRefreshError {
  return new AuthRefreshError(
    `No token was fetched yet: call tokens.getToken() first${or}`,
    'ERR_NO_TOKEN',
    config,
  );
}
