import type { SimRequest } from './http.ts';
import type { Settings } from './settings.ts';

/** The client credentials of a token request. */
export interface Credentials {
  method: 'basic' | 'body' | 'none';
  id: string;
  secret: string;
}

/** Reads the client credentials from HTTP Basic, or from the form without a Basic header (RFC 6749 section 2.3.1). */
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

/** Returns whether the credentials are those of the simulator. */
export function isKnownClient(credentials: Credentials, settings: Settings): boolean {
  return same(credentials.id, settings.clientId) && same(credentials.secret, settings.clientSecret);
}

// RFC 6749 requires form encoding before Basic, but the vendors' SDKs do not encode.
function same(received: string, expected: string): boolean {
  return [expected, encodeURIComponent(expected), formEncode(expected)].includes(received);
}

function formEncode(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2);
}
