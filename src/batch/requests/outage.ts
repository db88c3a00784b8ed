import axios, { type AxiosError, type AxiosResponse, isAxiosError } from 'axios';
import { type AuthRefreshErrorCode, isAuthRefreshError } from '../../core/index.ts';
import { isIncomplete, throttleDelay } from '../../core/internal.ts';

// The token endpoint is unreachable, fails or throttles.
const TOKEN_OUTAGES: readonly AuthRefreshErrorCode[] = [
  'ERR_TOKEN_REQUEST',
  'ERR_TOKEN_TIMEOUT',
  'ERR_TOKEN_THROTTLED',
];

// Failures of this machine, which waiting does not end.
const LOCAL = ['EMFILE', 'ENFILE', 'EACCES', 'EPERM'];

// Another server answers in place of the API, such as the sign-in page of a network. An expired certificate is the API's own.
const OTHER_SERVER = [
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
const HTML = 'ERR_HTML_RESPONSE';

/**
 * Throws if the response to a request for JSON is an HTML page: a proxy or a sign-in page answers in place of an API that is out of order.
 *
 * @throws AxiosError that {@link isOutage} accepts.
 */
export function refuseHtml(response: AxiosResponse): void {
  const { config, data, headers, request, status } = response;
  if (config?.responseType !== 'json' || typeof data !== 'string' || !/^\s*</.test(data)) return;
  // A JSON string can begin like HTML.
  if (/\bjson\b/i.test(String(headers?.['content-type']))) return;
  throw new axios.AxiosError(
    `the API returned ${status} with HTML instead of JSON`,
    HTML,
    config,
    request,
    response,
  );
}

/** Returns whether a request failed because of an outage of the API, the network or the token endpoint. */
export function isOutage(error: unknown): error is AxiosError {
  if (!isAxiosError(error)) return false;
  if (isAuthRefreshError(error)) return TOKEN_OUTAGES.includes(error.code);
  const { code = '', response } = error;
  const status = response?.status ?? 0;
  if (status >= 400) return status >= 500 || [408, 425, 429].includes(status);
  // HPE and Z: the bytes are not HTTP, or not the compression that the response states.
  if (isIncomplete(error) || code === HTML || OTHER_SERVER.includes(code) || /^(HPE|Z)_/.test(code))
    return true;
  if (response || LOCAL.includes(code)) return false;
  // Node's codes, such as ECONNREFUSED and ENOTFOUND, but not those of invalid certificates, configs and responses.
  return code === 'ERR_NETWORK' || /^E(?!RR_)[A-Z_]+$/.test(code);
}

/** Returns how long a throttled API or token endpoint asks to wait, in milliseconds; 0 if the failure does not say. */
export function askedWait(error: AxiosError, now: number): number {
  if (isAuthRefreshError(error)) return (error.cause as { retryAfter?: number } | undefined)?.retryAfter ?? 0;
  return throttleOf(error.response, now);
}

/** Returns how long a response with 429 or 503 asks to wait, in milliseconds; 0 if the response does not say. */
export function throttleOf(response: AxiosResponse | undefined, now: number): number {
  const { status } = response ?? {};
  return status === 429 || status === 503 ? (throttleDelay(response, now) ?? 0) : 0;
}
