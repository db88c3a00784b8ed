import { redactForLogging, redactShared } from './redact-for-logging.ts';

/** What Node, follow-redirects and fetch keep of a sent request. Other runtimes and adapters lack parts of it. */
interface SentRequest {
  _redirectable?: SentRequest;
  _currentRequest?: SentRequest;
  _options?: { headers: Record<string, unknown> };
  /** Of an HTTP/2 stream. */
  sentHeaders?: Record<string, unknown>;
  _header?: string | null;
  removeHeader(name: string): void;
  outputData: unknown[];
  destroyed?: boolean;
  agent?: unknown;
  socket?: unknown;
  shouldKeepAlive?: boolean;
  res?: unknown;
  /** Of a fetch Request. */
  headers?: { delete(name: string): void };
}

/**
 * Redacts a request that has a response or failed, and erases the token from it, because `console.dir` and deep copies ignore labels.
 *
 * @param field the name of the field with the token, undefined for a request without a token.
 */
export function eraseToken(request: SentRequest | null | undefined, field: string | undefined): void {
  if (typeof request !== 'object' || !request) return;
  const { _options, _currentRequest: native = request } = request._redirectable ?? request;
  redactForLogging(request);
  redactShared(native.agent);
  // A kept-alive socket carries other requests, and the socket of a pending request contains this one. Redacting every socket is too slow.
  if (native.shouldKeepAlive || !native.res || !_options) redactShared(native.socket, TO_REQUESTS);
  if (!field) return;
  try {
    const headers = (_options ?? queued(native))?.headers ?? request.sentHeaders;
    if (headers?.[field]) headers[field] = ERASED;
    if (native._header) {
      // Node removes no field while `_header` is set, and would send another header if `_header` stayed empty.
      native._header = '';
      native.removeHeader(field);
      native._header = ERASED;
      if (native.destroyed) native.outputData.length = 0;
    }
    request.headers?.delete(field);
  } catch {
    // Requests of other adapters and runtimes have other members.
  }
}

const ERASED = '[erased]';

// The properties of a socket that lead to requests. To hide all of them would cost more than the rest of a request.
const TO_REQUESTS = ['_httpMessage', 'parser', '_pendingData', '_writableState'];

/** Returns the options that Node keeps of a request that waited for a connection. */
function queued(native: object): SentRequest['_options'] {
  const values = Object.getOwnPropertySymbols(native).map((key) => Reflect.get(native, key));
  return values.find((value) => value?.headers);
}
