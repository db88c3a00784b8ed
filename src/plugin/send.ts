import type { AxiosAdapter, AxiosError, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { TokenSet } from '../core/index.ts';
import { callbackFailed, lacksBase, type ResourceOrigins } from '../core/internal.ts';
import { hide, redactForLogging } from './redact-for-logging.ts';
import { fixBoundary } from './request-body.ts';

/** How a send ended: axios rejects or resolves a 401, as `validateStatus` says, and here both are one. */
export interface Outcome {
  response: AxiosResponse | undefined;
  /** A redirect lost the token: what came back is no answer to it. */
  leftOrigin: boolean;
  settle(): AxiosResponse;
}

/** Sends a request as the caller made it. */
export async function sendUntouched(
  config: InternalAxiosRequestConfig,
  inner: AxiosAdapter,
): Promise<AxiosResponse> {
  const sent = await withBody(copy(config), config);
  return (await dispatch(sent, config, inner)).settle();
}

/**
 * Sends a copy of the config that carries the token; the caller's own never holds it.
 *
 * @param base where relative URLs go when the config has no base URL.
 */
export async function sendAuthorized(
  config: InternalAxiosRequestConfig,
  inner: AxiosAdapter,
  token: TokenSet,
  base: string | undefined,
  origins: ResourceOrigins,
): Promise<Outcome> {
  fixBoundary(config, inner);
  const sent = copy(config);
  sent.headers = copy(config.headers);
  // Not by `set`, which looks for other spellings: there is none with a value.
  sent.headers.Authorization = `Bearer ${token.accessToken}`;
  if (base !== undefined && lacksBase(config)) sent.baseURL = base;
  let leftOrigin = false;
  sent.beforeRedirect = (next, ...rest) => {
    config.beforeRedirect?.(next, ...rest);
    const names = Object.keys(next.headers).filter((name) => name.toLowerCase() === 'authorization');
    // axios drops the token when the origin changes. Once it is gone it stays so, even if the way leads back.
    leftOrigin ||= names.length === 0 || !origins.includesUrl(String(next.href), base);
    if (leftOrigin) for (const name of names) delete next.headers[name];
  };
  const outcome = await dispatch(config.authRefresh ? await withBody(sent, config) : sent, config, inner);
  // XMLHttpRequest follows redirects by itself, and so does fetch.
  const landed = outcome.response?.request?.responseURL;
  if (landed && /^https?:/.test(landed)) leftOrigin ||= !origins.includesUrl(landed, base);
  outcome.leftOrigin = leftOrigin;
  return outcome;
}

async function withBody(
  sent: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
): Promise<InternalAxiosRequestConfig> {
  const { body } = sent.authRefresh || {};
  try {
    if (body) sent.data = await body();
  } catch (error) {
    throw callbackFailed('authRefresh.body', error, config);
  }
  return sent;
}

/** Sends one config in place of another, and covers the tracks. */
async function dispatch(
  sent: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
  inner: AxiosAdapter,
): Promise<Outcome> {
  // A stream that is being sent leads to the request, and that to the header.
  if (typeof config.data?.pipe === 'function') redactForLogging(config.data);
  try {
    const response = await inner(sent);
    // Concealed and not hidden, as below: to change the shape of every response would cost a tenth of the speed.
    if (response?.config) response.config = config;
    redactForLogging(response?.request);
    if (config.responseType === 'stream') coverStream(response, sent);
    return { response, leftOrigin: false, settle: () => response };
  } catch (error) {
    const failure = clean(error as AxiosError, config);
    for (let cause = failure?.cause, depth = 0; cause && depth < 5; cause = cause.cause as Error, depth++) {
      clean(cause as AxiosError, config);
    }
    const response = clean(failure?.response, config);
    if (response && config.responseType === 'stream') coverStream(response, sent);
    return {
      response,
      leftOrigin: false,
      settle: () => {
        throw error;
      },
    };
  }
}

/** Gives an error or its response the caller's config, and hides the request, which holds the sent header. */
function clean<T extends AxiosResponse | AxiosError>(
  result: T | undefined,
  config: InternalAxiosRequestConfig,
): T | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if (result.config) result.config = config;
  hide(result, 'request');
  return result;
}

/** A stream outlives this call: its errors are made by axios from the sent config and the request. */
function coverStream({ data, request }: AxiosResponse, sent: InternalAxiosRequestConfig): void {
  sent.headers.delete('Authorization');
  for (const object of [data, request, request?._redirectable]) redactForLogging(object);
}

/** A copy that keeps the prototype: headers stay of the axios copy that made them. */
function copy<T extends object>(source: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(source)), source);
}
