import { readBody } from './read-body.ts';
import { parseRetryAfter } from './retry-after.ts';

/** The parts of a response that may say how long to wait. */
interface Throttle {
  status?: number;
  headers?: unknown;
  data?: unknown;
}

// Seconds that the API states only in the message, as Genesys Cloud does.
const IN_MESSAGE = /retry the request in \[?(\d+(?:\.\d+)?)\]? second/i;

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
  const body = readBody(data);
  const message = Object(body).message ?? body;
  for (const value of [
    read('inin-ratelimit-reset'),
    read('ratelimit-reset'),
    resetOf(read('ratelimit')),
    read('x-ratelimit-reset'),
    typeof message === 'string' && IN_MESSAGE.exec(message)?.[1],
  ]) {
    const delay = parseRetryAfter(value, now);
    if (delay === undefined) continue;
    // The epoch in seconds, or in milliseconds.
    return delay < YEARS ? delay : Math.max(0, (delay < YEARS * 1000 ? delay : delay / 1000) - now);
  }
  return undefined;
}

/** Reads the reset of `RateLimit`: `"default";r=0;t=50`, or the older `limit=10, remaining=0, reset=50`. */
function resetOf(field: unknown): string | undefined {
  const policies = typeof field === 'string' ? field.split(/,(?=\s*")/) : [];
  // Of several policies, those that are used up.
  const exhausted = policies.filter((policy) => /;\s*r=0\b/.test(policy));
  const resets = (exhausted.length ? exhausted : policies).map((policy) =>
    Number(/[\s;,](?:t|reset)=(\d+)/.exec(` ${policy}`)?.[1]),
  );
  const longest = Math.max(...resets.filter((reset) => reset >= 0));
  return longest >= 0 ? String(longest) : undefined;
}
