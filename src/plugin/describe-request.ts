import type { InternalAxiosRequestConfig } from 'axios';
import type { RequestSummary } from '../core/index.ts';
import { redactUrl } from '../core/internal.ts';

/** Describes a request for events and policies, without its user info and query, which may hold secrets. */
export function describeRequest({ method = 'get', url = '' }: InternalAxiosRequestConfig): RequestSummary {
  return { method: method.toUpperCase(), url: redactUrl(url) };
}
