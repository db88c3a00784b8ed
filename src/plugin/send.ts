import type { AxiosAdapter, AxiosError, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { TokenSet } from '../core/index.ts';
import { callbackFailed, lacksBase, type ResourceOrigins } from '../core/internal.ts';
import { hideRequest, redactForLogging } from './redact-for-logging.ts';
import { isStream } from './request-body.ts';

/** The token of one send, and where the token may go. */
export interface Authorization {
  token: TokenSet;
  origins: ResourceOrigins;
  /** Where relative URLs go if the config has no base URL. */
  apiBaseUrl: string | undefined;
}

/** The outcome of a send. A 401 is in `response`, whether axios rejects or resolves it (`validateStatus`). */
export interface Outcome {
  response: AxiosResponse | undefined;
  /** The thrown value, wrapped in an array because it can be undefined. */
  thrown: [error: unknown] | undefined;
  /** Whether a redirect left the resource origins. The response then says nothing about the token. */
  leftOrigin: boolean;
}

/** Returns or throws what the adapter returned or threw. */
export function unwrap({ response, thrown }: Outcome): AxiosResponse {
  if (thrown) throw thrown[0];
  return response as AxiosResponse;
}

/**
 * Sends a copy of a config. Only the copy contains the token, and the response refers to the caller's config.
 *
 * @param authorization undefined to send the request without a token.
 */
export async function send(
  config: InternalAxiosRequestConfig,
  adapter: AxiosAdapter,
  authorization?: Authorization,
): Promise<Outcome> {
  const { data, authRefresh } = config;
  const outcome: Outcome = { response: undefined, thrown: undefined, leftOrigin: false };
  const sent = copy(config);
  if (authorization) {
    authorize(sent, config, authorization, outcome);
  }
  if (authRefresh) await makeBody(sent, config);
  // A stream refers to the request while it is sent, and the request contains the header.
  if (isStream(data)) redactForLogging(data);
  try {
    const response = await adapter(sent);
    outcome.response = response;
    if (response?.config) response.config = config;
    // Labelled instead of hidden as in `detach`: a new shape for every response would cost a tenth of the speed.
    redactForLogging(response?.request);
  } catch (error) {
    outcome.thrown = [error];
    const failure = detach(error as AxiosError, config);
    for (let cause = failure?.cause, depth = 0; cause && depth < 5; cause = cause.cause as Error, depth++) {
      detach(cause as AxiosError, config);
    }
    outcome.response = detach(failure?.response, config);
  }
  const { response } = outcome;
  if (response && config.responseType === 'stream') {
    // A stream outlives the send, and axios makes its errors from the sent config and the request.
    if (authorization) delete sent.headers.Authorization;
    const { data: stream, request } = response;
    for (const object of [stream, request, request?._redirectable]) redactForLogging(object);
  }
  // XMLHttpRequest and fetch follow redirects without calling `beforeRedirect`.
  const landed = response?.request?.responseURL;
  if (landed && authorization && /^https?:/.test(landed)) {
    outcome.leftOrigin ||= !authorization.origins.includesUrl(landed, authorization.apiBaseUrl);
  }
  return outcome;
}

/** Adds the token to the copy of a config, and removes it at a redirect to another origin. */
function authorize(
  sent: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
  { token, origins, apiBaseUrl }: Authorization,
  outcome: Outcome,
): void {
  sent.headers = copy(config.headers);
  // Without `set`, which searches for other spellings: the header is known to be absent.
  sent.headers.Authorization = `Bearer ${token.accessToken}`;
  if (apiBaseUrl !== undefined && lacksBase(config)) sent.baseURL = apiBaseUrl;
  sent.beforeRedirect = (next, ...rest) => {
    config.beforeRedirect?.(next, ...rest);
    const names = Object.keys(next.headers).filter((name) => name.toLowerCase() === 'authorization');
    // axios drops the token when the origin changes. It stays dropped, even if a later redirect leads back.
    outcome.leftOrigin ||= names.length === 0 || !origins.includesUrl(String(next.href), apiBaseUrl);
    if (outcome.leftOrigin) for (const name of names) delete next.headers[name];
  };
}

async function makeBody(sent: InternalAxiosRequestConfig, config: InternalAxiosRequestConfig): Promise<void> {
  const { body } = config.authRefresh || {};
  try {
    if (body) sent.data = await body();
  } catch (error) {
    throw callbackFailed('authRefresh.body', error, config);
  }
}

/** Gives an error or its response the caller's config, and hides the request, which contains the token. */
function detach<T extends AxiosResponse | AxiosError>(
  result: T | undefined,
  config: InternalAxiosRequestConfig,
): T | undefined {
  if (typeof result !== 'object' || !result) return undefined;
  if (result.config) result.config = config;
  hideRequest(result);
  return result;
}

/** Copies an object with its prototype, so that AxiosHeaders keep the class of the axios copy that created them. */
function copy<T extends object>(source: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(source)), source);
}
