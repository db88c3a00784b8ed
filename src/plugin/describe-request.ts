import type { InternalAxiosRequestConfig } from 'axios';
import type { RequestSummary } from '../core/index.ts';
import { redactUrl, requestUrl } from '../core/internal.ts';

/** Describes a request for events, without user information and query, which may contain secrets. */
export function describeRequest({ method = 'get', url = '' }: InternalAxiosRequestConfig): RequestSummary {
  return { method: method.toUpperCase(), url: redactUrl(url) };
}

/** Describes a request for policies: with the path that axios sends, which may begin in the base URL. */
export function summarize(
  config: InternalAxiosRequestConfig,
  apiBaseUrl: string | undefined,
): RequestSummary {
  const url = requestUrl(config, apiBaseUrl).replace(/^\w+:\/\/[^/?#]*/, '');
  return describeRequest({ ...config, url });
}
