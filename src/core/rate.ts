import { type OptionTable, type Problem, readOptions } from './check-options.ts';

// In milliseconds.
export const RATE_INTERVAL = 60_000;

/** The maximum number of requests in an interval. */
export interface Rate {
  requests: number;
  /** In milliseconds. @default 60_000 */
  interval?: number | undefined;
}

/**
 * A custom rate limiter, for example for a rate that several processes share. The promise resolves when one request may be sent, and
 * rejects when the signal aborts.
 */
export type RateLimiter = (signal: AbortSignal) => Promise<void>;

const OPTIONS: OptionTable<Rate> = { requests: 'any', interval: 'any' };

/** Returns the problems of a rate. */
export function rateProblems(rate: Rate | RateLimiter | undefined): Problem[] {
  if (rate === undefined || typeof rate === 'function') return [];
  const [{ requests, interval = RATE_INTERVAL }, problems] = readOptions(rate, OPTIONS, 'rate.');
  return [
    !(requests > 0 && Number.isFinite(requests)) && 'rate.requests must be a number above 0',
    !(interval > 0 && Number.isFinite(interval)) && 'rate.interval must be a number of milliseconds above 0',
    // A timer with a longer delay would fire immediately.
    interval / requests > 2 ** 31 - 1 && 'rate must be at least one request in 24 days',
    ...problems,
  ];
}
