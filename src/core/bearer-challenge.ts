// Matches a parameter (name, value) or the name of a scheme. Commas, spaces and, from some servers, semicolons separate them.
const PART = /([^\s,;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*)|([^\s,;="]+)/g;

/**
 * Returns the `error` of a Bearer challenge, such as `invalid_token` (RFC 6750 section 3, RFC 9110 section 11.6.1).
 *
 * @param field the `WWW-Authenticate` field: a string, or an array with one string for each line.
 * @returns undefined without a Bearer challenge that contains an error.
 */
export function bearerError(field: unknown): string | undefined {
  const text = [field].flat().join(', ').slice(0, 8192);
  let scheme = '';
  for (const [, name, value = '', word] of text.matchAll(PART)) {
    if (word) scheme = word.toLowerCase();
    else if (scheme === 'bearer' && name?.toLowerCase() === 'error') {
      return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
    }
  }
  return undefined;
}

/** Returns whether the API refused the scopes of a token, so that a new token does not help (RFC 6750 section 3.1). */
export function isScopeRefusal(headers: unknown): boolean {
  return bearerError(Object(headers)['www-authenticate']) === 'insufficient_scope';
}
