// A parameter (name, value), or else the name of a scheme. Commas and spaces separate them, and with some servers semicolons.
const PART = /([^\s,;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*)|([^\s,;="]+)/g;

/**
 * Reads the `error` of a Bearer challenge (RFC 6750 section 3, RFC 9110 section 11.6.1).
 *
 * @param field the `WWW-Authenticate` field, one text or one for each line.
 * @returns the error code, such as `invalid_token`; undefined when there is none.
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
