import type { Fault, FaultKind, FaultRequest } from './faults.ts';
import { json, type Reply } from './http.ts';
import { refuseCxone, refuseGenesys } from './token-endpoints.ts';
import type { GenesysErrorBody } from './wire-types.ts';

const BAD_CREDENTIALS = ['bad.credentials', 'Invalid login credentials.'] as const;

/** Code and message of Genesys errors, by status or name. */
const GENESYS: Record<string, readonly [code: string, message: string]> = {
  400: ['bad.request', 'The request could not be understood by the server due to malformed syntax.'],
  401: BAD_CREDENTIALS,
  403: ['missing.any.permissions', 'Unable to perform the requested action. You are missing a permission.'],
  404: ['not.found', 'The requested resource was not found.'],
  408: ['client.timeout', 'The client did not produce a request within the server timeout limit.'],
  429: ['too.many.requests.retry.after', 'Rate limit exceeded the maximum. Retry after the stated seconds.'],
  500: ['internal.server.error', 'The server encountered an unexpected condition.'],
  502: ['bad.gateway', 'The server received an invalid response from an upstream server.'],
  503: ['service.unavailable', 'The service is temporarily unavailable.'],
  504: ['authentication.request.timeout', 'Authentication service timed out.'],
  'ip.not.authorized': ['ip.not.authorized', 'The address of the client is not authorized.'],
};

/** Returns an error response of the Genesys API. */
export function genesysError(
  status: number,
  code?: string,
  message?: string,
  headers?: Record<string, string>,
): Reply {
  const known = GENESYS[code ?? status] ?? GENESYS[status] ?? [code ?? `error.${status}`, `HTTP ${status}`];
  const text = message ?? known[1];
  const contextId = '00000000-0000-4000-8000-000000000000';
  const body: GenesysErrorBody = {
    message: text,
    code: code ?? known[0],
    status,
    messageWithParams: text,
    messageParams: {},
    contextId,
    details: [],
    errors: [],
  };
  return json(status, body, { 'inin-correlation-id': contextId, ...headers });
}

/** Returns an error response of the CXone API, with the text also in a header. */
export function cxoneError(status: number, text: string, headers?: Record<string, string>): Reply {
  return json(status, { error_description: text }, { icstatusdescription: text, ...headers });
}

const INSUFFICIENT_SCOPE = { 'www-authenticate': 'Bearer realm="simulator", error="insufficient_scope"' };

/** Returns the response to a request without a valid token. */
export function unauthorized(vendor: 'genesys' | 'cxone', tokenPresent: boolean): Reply {
  if (vendor === 'cxone') {
    return cxoneError(401, tokenPresent ? 'Invalid or expired access token' : 'No access token', {
      'www-authenticate': tokenPresent
        ? 'Bearer realm="simulator", error="invalid_token"'
        : 'Bearer realm="simulator"',
    });
  }
  if (tokenPresent) return genesysError(401, ...BAD_CREDENTIALS);
  return genesysError(
    401,
    'authentication.required',
    'No authentication bearer token specified in authorization header.',
  );
}

/** Returns the vendor whose API has a path. */
export function vendorOf(path: string): 'genesys' | 'cxone' {
  return path.startsWith('/incontactapi/') || path.startsWith('/data-extraction/') ? 'cxone' : 'genesys';
}

/** Returns the response of a fault, with the vendor's body unless the fault sets one. */
export function faultReply(fault: Fault, path: string, endpoint: FaultRequest['endpoint']): Reply {
  const status = fault.status ?? statusOf(fault);
  const retryAfter = fault.retryAfter ?? (status === 429 ? 1 : undefined);
  const more = { ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }), ...fault.headers };
  if (fault.body !== undefined) {
    const text = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
    const type = text.startsWith('<') ? 'text/html' : 'application/json';
    return { status, headers: { 'content-type': type, ...more }, body: text };
  }
  const standard =
    endpoint === 'token' ? tokenFault(status, fault.kind, path) : apiFault(status, fault.kind, path);
  return { ...standard, headers: { ...standard.headers, ...more } };
}

function statusOf({ kind, body }: Fault): number {
  if (kind === 'throttle') return 400;
  if (kind === 'ip.not.authorized' || kind === 'insufficient_scope' || kind === 'client-not-authorized')
    return 401;
  if (kind === undefined) return body === undefined ? 500 : 200;
  return Number(kind);
}

function tokenFault(status: number, kind: FaultKind | undefined, path: string): Reply {
  const refuse = path === '/oauth/token' ? refuseGenesys : refuseCxone;
  if (kind === 'throttle') return refuse(400, 'invalid_request', 'rate limit exceeded. Wait and try again.');
  if (status === 401) return refuse(401, 'invalid_client', 'client not found or wrong secret');
  if (status === 400) return refuse(400, 'invalid_request', 'The request is malformed');
  if (status === 429) return refuse(429, 'too_many_requests', 'Too many requests');
  return refuse(status, status >= 500 ? 'server_error' : 'access_denied', `HTTP ${status}`);
}

function apiFault(status: number, kind: FaultKind | undefined, path: string): Reply {
  const scope = kind === 'insufficient_scope' ? INSUFFICIENT_SCOPE : {};
  if (vendorOf(path) === 'genesys' && kind !== 'client-not-authorized') {
    return genesysError(status, kind === 'ip.not.authorized' ? kind : undefined, undefined, scope);
  }
  if (kind === 'client-not-authorized') {
    return cxoneError(status, "Client application 'simulator' not authorized for user");
  }
  return cxoneError(status, GENESYS[status]?.[1] ?? `HTTP ${status}`, scope);
}
