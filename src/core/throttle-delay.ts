import { readBody } from './read-body.ts';
import { parseRetryAfter } from './retry-after.ts';

/** The parts of a response that may say how long to wait. */
interface Throttle {
  status?: number;
  headers?: unknown;
  data?: unknown;
}

// Genesys Cloud states the seconds in the message.
const MESSAGE = /retry the request in \[?(\d+)/i;

// `"day";r=0;t=50` and the older `limit=10, remaining=0, reset=50`. Of several policies, the one that is used up.
const USED_UP = /\br=0\s*;\s*t=(\d+)/;
const RESET = /\b(?:t|reset)=(\d+)/;

// A greater number of milliseconds is a time since the epoch.
const YEARS = 1e12;

/**
 * Returns how long a response asks to wait, in milliseconds: `Retry-After`, or for a throttle the reset of the rate limit, in
 * the header or in the message.
 *
 * @param now milliseconds since the epoch, for dates.
 * @param isThrottle whether the response throttles this client.
 */
export function throttleDelay(
  { status, headers, data }: Throttle = {},
  now: number,
  isThrottle = status === 429 || status === 503,
): number | undefined {
  const fields = Object(headers);
  const read = (name: string) => fields[name] ?? fields.get?.(name);
  const retryAfter = parseRetryAfter(read('retry-after'), now);
  if (retryAfter !== undefined || !isThrottle) return retryAfter;
  const policies = read('ratelimit');
  const body = readBody(data);
  for (const value of [
    read('inin-ratelimit-reset'),
    read('ratelimit-reset'),
    secondsIn(policies, USED_UP),
    secondsIn(policies, RESET),
    read('x-ratelimit-reset'),
    secondsIn(Object(body).message ?? body, MESSAGE),
  ]) {
    const delay = parseRetryAfter(value, now);
    if (delay === undefined) continue;
    // The epoch in seconds, or in milliseconds.
    return delay < YEARS ? delay : Math.max(0, (delay < YEARS * 1000 ? delay : delay / 1000) - now);
  }
  return undefined;
}

function secondsIn(text: unknown, pattern: RegExp): string | undefined {
  return typeof text === 'string' ? pattern.exec(text)?.[1] : undefined;
}
