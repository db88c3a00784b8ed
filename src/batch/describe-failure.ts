import { type AxiosError, type AxiosResponse, isAxiosError } from 'axios';
import { isAuthRefreshError, type RequestTotals } from '../core/index.ts';
import {
  duration,
  isIncomplete,
  isScopeRefusal,
  messageOf,
  parseUrl,
  printable,
  redactUrl,
  requestUrl,
} from '../core/internal.ts';

/**
 * Describes which request failed, how, and what to check.
 *
 * @param hasCursor whether the request can contain a saved cursor.
 */
export function describeFailure(error: AxiosError, hasCursor = false, retries = retriesOf(error)): string {
  const { status = 0 } = isAuthRefreshError(error) ? {} : (error.response ?? {});
  const cursor = hasCursor && CURSOR_STATUSES.includes(status) ? EXPIRED_CURSOR : '';
  return `${describeRequest(error, retries)}${advice(error)}.${cursor}`;
}

/** Describes which request failed, and how. */
export function describeRequest(error: AxiosError, retries = retriesOf(error)): string {
  const { config, response, message } = error;
  const request = `${(config?.method ?? 'get').toUpperCase()} ${redactUrl(config?.url ?? '')}`;
  const after = retries > 0 ? ` after ${retries} ${retries === 1 ? 'retry' : 'retries'}` : '';
  if (isAuthRefreshError(error)) return `${request} could not be sent${after}: ${message.replace(/\.$/, '')}`;
  if (!response || response.status < 300) return `${request} failed${after}: ${networkReason(error)}`;
  const { status, data, headers } = response;
  const reason = reasonOf(data, headers);
  const id = correlationId(headers);
  return `${request} returned ${status}${reason ? ` "${reason}"` : ''}${id ? ` (correlation id ${id})` : ''}${after}`;
}

/** Describes a failure without its request, for people who watch the run: `api.example.com returned 503`. */
export function describeCause(error: unknown): string {
  if (!isAxiosError(error)) return messageOf(error);
  if (isAuthRefreshError(error)) return error.message;
  const { response } = error;
  return response && response.status >= 300 ? describeStatus(response) : networkReason(error);
}

/** Describes a response for people who watch the run: `api.example.com returned 503`. */
export function describeStatus({ request, config, status }: AxiosResponse): string {
  return `${urlOf({ request, config })?.hostname ?? 'the API'} returned ${status}`;
}

/** How often a request was retried before its last failure. */
export function retriesOf(error: AxiosError): number {
  const { attempts = 1, replays = 0 } = error as RequestTotals;
  return Math.max(0, attempts - 1 - replays);
}

// With these statuses an API refuses a cursor that it no longer knows.
const CURSOR_STATUSES = [400, 404, 410];

const EXPIRED_CURSOR = ' If the API refuses an expired cursor, set restart (--restart) to start over.';

function advice(error: AxiosError & RequestTotals): string {
  if (isAuthRefreshError(error)) return '';
  const { response, replays = 0 } = error;
  const { status = 0, headers = {} } = response ?? {};
  if (isScopeRefusal(headers)) {
    return ': the token lacks a scope (insufficient_scope). Assign the scope to the OAuth client, or request it';
  }
  switch (status) {
    case 401:
      return (
        `: authentication failed${replays > 0 ? ', also with a new token' : ''}. Check that the OAuth client is active, ` +
        'belongs to this API and region, and has the required scopes'
      );
    case 403:
      return ': forbidden. The OAuth client lacks a permission, or the token lacks a scope. Check its roles and scopes';
    case 404:
      return ': not found. Check the URL, the region, and the ids in the URL';
    case 429:
      return ': rate limit exceeded. Set a lower rate, and check which other programs use the same OAuth client';
    default:
      return status >= 500 ? ': the API is failing. Try again later' : '';
  }
}

const UNREACHABLE = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'];
const UNKNOWN_HOST = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'];
const TLS = /CERT|^ERR_(TLS|SSL)_|^EPROTO$|^UNABLE_TO_/;

/** Describes why there is no response, and what to check. */
function networkReason(error: AxiosError): string {
  const { message, code = '' } = error;
  const url = urlOf(error);
  // The name is redundant in messages of Node, but axios has lost the messages of several attempts to connect.
  const host = url && `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  const to = host === undefined ? '' : ` to ${host}`;
  if (UNREACHABLE.includes(code) || message.startsWith('connect ETIMEDOUT')) {
    return `could not connect${to} (${code}). Check the URL, the network, and proxies`;
  }
  if (UNKNOWN_HOST.includes(code)) {
    return `the host name${url ? ` ${url.hostname}` : ''} does not resolve (${code}). Check the URL, the region, and DNS`;
  }
  if (TLS.test(code)) {
    return `no secure connection${to} (${code}). Check the certificate, the proxies, and NODE_EXTRA_CA_CERTS`;
  }
  const [, timeout] = /^timeout of (\d+)ms exceeded$/.exec(message) ?? [];
  if (timeout) return `no response within ${duration(Number(timeout))} (timeout)`;
  if (isIncomplete(error) || code === 'EPIPE') {
    return `the connection${to} was closed before the response was complete${code ? ` (${code})` : ''}`;
  }
  return `${printable(message)}${code ? ` (${code})` : ''}`;
}

/** Returns the URL of the request, or of its proxy. Only the host of the URL may be shown. */
function urlOf({ request, config }: Pick<AxiosError, 'request' | 'config'>): URL | undefined {
  const current: unknown = request?._currentUrl;
  return parseUrl(typeof current === 'string' ? current : requestUrl(config ?? {}));
}

// Genesys Cloud, and names that many APIs and gateways use.
const CORRELATION_HEADERS = [
  'inin-correlation-id',
  'x-correlation-id',
  'correlation-id',
  'x-request-id',
  'request-id',
  'x-trace-id',
];

function correlationId(headers: unknown): string | undefined {
  const id = CORRELATION_HEADERS.map((name) => Object(headers)[name]).find(
    (value) => typeof value === 'string' && value !== '',
  );
  return id && printable(id).slice(0, 100);
}

// NICE CXone states the reason in this header, and sometimes only there.
const REASON_HEADER = 'icstatusdescription';

/** Returns the reason in the body or the headers of an error response, if any. */
export function reasonOf(data: unknown, headers: unknown): string | undefined {
  const body = Object(data) as Record<string, unknown>;
  const candidates = [
    body.message,
    body.error_description,
    body.errorDescription,
    body.error,
    Object(headers)[REASON_HEADER],
  ];
  const text = candidates.find((value) => typeof value === 'string' && value !== '') as string | undefined;
  return text && printable(text).slice(0, 300);
}
