import type { AxiosAdapter, AxiosError, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { TokenSet } from '../core/index.ts';
import { callbackFailed, lacksBase, type ResourceOrigins } from '../core/internal.ts';
import { eraseToken } from './erase-token.ts';
import { redactForLogging } from './redact-for-logging.ts';
import { isStream } from './request-body.ts';

/** The token of one send, its header field, and where the token may go. */
export interface Authorization {
  token: TokenSet;
  header: { name: string; scheme: string };
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
  const field = authorization?.header.name;
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
    eraseToken(response?.request, field);
  } catch (error) {
    outcome.thrown = [error];
    const failure = detach(error as AxiosError, config, field);
    for (let cause = failure?.cause, depth = 0; cause && depth < 5; cause = cause.cause as Error, depth++) {
      detach(cause as AxiosError, config, field);
    }
    outcome.response = detach(failure?.response, config, field);
  }
  const { response } = outcome;
  if (response && config.responseType === 'stream') {
    // A stream outlives the send, and axios makes its errors from the sent config and the request.
    if (field) delete sent.headers[field];
    const { data: stream, request } = response;
    for (const object of [stream, request, request?._redirectable]) redactForLogging(object);
  }
  // XMLHttpRequest and fetch follow redirects without calling `beforeRedirect`.
  const landed = ((response ?? outcome.thrown?.[0]) as AxiosResponse | undefined)?.request?.responseURL;
  if (landed && authorization && /^https?:/.test(landed)) {
    outcome.leftOrigin ||= !authorization.origins.includesUrl(landed, authorization.apiBaseUrl);
  }
  return outcome;
}

/** Adds the token to the copy of a config, and removes it at a redirect to another origin. */
function authorize(
  sent: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
  { token, header: { name, scheme }, origins, apiBaseUrl }: Authorization,
  outcome: Outcome,
): void {
  const field = name.toLowerCase();
  sent.headers = copy(config.headers);
  // Without `set`, which searches for other spellings: the header is known to be absent.
  sent.headers[name] = `${scheme} ${token.accessToken}`.trimStart();
  // At a redirect to another origin, fetch removes only Authorization.
  if (field !== 'authorization') sent.fetchOptions = { ...config.fetchOptions, redirect: 'manual' };
  if (apiBaseUrl !== undefined && lacksBase(config)) sent.baseURL = apiBaseUrl;
  sent.beforeRedirect = (next, ...rest) => {
    config.beforeRedirect?.(next, ...rest);
    const names = Object.keys(next.headers).filter((key) => key.toLowerCase() === field);
    // axios drops the token when the origin changes. It stays dropped, even if a later redirect leads back.
    outcome.leftOrigin ||= names.length === 0 || !origins.includesUrl(String(next.href), apiBaseUrl);
    if (outcome.leftOrigin) for (const key of names) delete next.headers[key];
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

/** Gives an error or its response the caller's config, and erases the token from the request. */
function detach<T extends AxiosResponse | AxiosError>(
  result: T | undefined,
  config: InternalAxiosRequestConfig,
  field: string | undefined,
): T | undefined {
  if (typeof result !== 'object' || !result) return undefined;
  if (result.config) result.config = config;
  eraseToken(result.request, field);
  return result;
}

/** Copies an object with its prototype, so that AxiosHeaders keep the class of the axios copy that created them. */
function copy<T extends object>(source: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(source)), source);
}
