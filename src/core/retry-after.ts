/**
 * Reads a `Retry-After` field: seconds or an HTTP date (RFC 9110 section 10.2.3).
 *
 * @param now milliseconds since the epoch, for the date form.
 * @returns milliseconds to wait, at least 0; undefined if the field is absent or invalid.
 */
export function parseRetryAfter(value: unknown, now: number): number | undefined {
  // An object may have no text.
  const text = typeof value === 'object' ? '' : String(value ?? '').trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Date.parse also accepts values such as "-5". An HTTP date contains letters.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * Returns an exponential backoff with jitter: between half and all of `base * 2^attempt`.
 *
 * @param attempt 0 for the first wait.
 * @param random a number from 0 to 1.
 */
export function backoff(attempt: number, base: number, random: () => number): number {
  return base * 2 ** attempt * (0.5 + random() / 2);
}
