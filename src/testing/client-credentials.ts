import type { SimRequest } from './http.ts';
import type { Settings } from './options.ts';

/** Who a token request says it is. */
export interface Credentials {
  method: 'basic' | 'body' | 'none';
  id: string;
  secret: string;
}

/** Reads the client's credentials: HTTP Basic when there is any, else the form (RFC 6749 section 2.3.1). */
export function readCredentials(request: SimRequest, form: URLSearchParams): Credentials {
  const header = request.headers.authorization ?? '';
  const basic = /^basic\s+([a-z\d+/]*={0,2})$/i.exec(header);
  if (basic?.[1] !== undefined) {
    const pair = Buffer.from(basic[1], 'base64').toString();
    const colon = pair.indexOf(':');
    return { method: 'basic', id: pair.slice(0, Math.max(colon, 0)), secret: pair.slice(colon + 1) };
  }
  const id = form.get('client_id');
  const secret = form.get('client_secret');
  if (header !== '' || id === null || secret === null) return { method: 'none', id: '', secret: '' };
  return { method: 'body', id, secret };
}

/** True when the credentials are the simulator's. */
export function isOurClient(credentials: Credentials, settings: Settings): boolean {
  return same(credentials.id, settings.clientId) && same(credentials.secret, settings.clientSecret);
}

// RFC 6749 wants both halves form-encoded before Basic; the vendors' own SDKs send them raw. Both arrive here.
function same(given: string, expected: string): boolean {
  return given === expected || given === encodeURIComponent(expected) || given === formEncode(expected);
}

function formEncode(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2);
}
