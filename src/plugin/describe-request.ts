import type { InternalAxiosRequestConfig } from 'axios';
import type { RequestSummary } from '../core/index.ts';
import { redactUrl } from '../core/internal.ts';

/** Describes a request for events and policies, without user information and query, which may contain secrets. */
export function describeRequest({ method = 'get', url = '' }: InternalAxiosRequestConfig): RequestSummary {
  return { method: method.toUpperCase(), url: redactUrl(url) };
}
