import type { InternalAxiosRequestConfig } from 'axios';
import type { Clock, TokenSet } from '../core/index.ts';
import { requestUrl } from '../core/internal.ts';

/** The request whose endpoint refused or accepted a token. */
export type RefusedRequest = Partial<InternalAxiosRequestConfig>;

/** Remembers which endpoints refuse tokens, so that an endpoint that refuses every token causes few token fetches. */
export interface Refusals {
  /** Counts a refusal. @returns false if the endpoint has used up its token fetches. */
  add(token: TokenSet, request: RefusedRequest): boolean;
  /** Forgets the refusals of an endpoint, because it accepted a token. */
  clear(request: RefusedRequest): void;
  /** Does not count the refusals of a token that cost no token fetch. */
  refund(token: TokenSet): void;
}

const FETCHES = 3;
const PERIOD = 60_000;
const MAX_ENDPOINTS = 1_000;

// Numbers, UUIDs, hashes, long identifiers, e-mail addresses and escaped names.
const ID = /[\d@%]|.{20}/;

/** @param apiBaseUrl where requests without a base URL go. */
export function createRefusals(clock: Clock, apiBaseUrl?: string): Refusals {
  // The token that was refused last, and the times of the refusals that caused a token fetch.
  const known = new Map<string, { token: TokenSet; times: number[] }>();

  /** Returns two keys of an endpoint: its path, and its path without ids. Either may refuse every token. */
  function keysOf({ method = 'get', ...request }: RefusedRequest): Set<string> {
    const url = requestUrl(request, apiBaseUrl)
      .replace(/[?#].*/s, '')
      .slice(0, 1_000);
    const pattern = url.replace(/(^\w+:\/\/[^/]*)|[^/]+/g, (part, origin) =>
      origin || !ID.test(part) ? part : ':id',
    );
    return new Set([url, pattern].map((path) => `${method.toUpperCase()} ${path}`));
  }

  return {
    add(token, request) {
      const now = clock.now();
      const found = [...keysOf(request)].map((key) => {
        const entry = known.get(key);
        // The difference is absolute because a clock can be set back.
        const times = entry?.times.filter((time) => Math.abs(now - time) < PERIOD) ?? [];
        return { key, times, isNew: entry?.token !== token };
      });
      if (found.some(({ times, isNew }) => isNew && times.length >= FETCHES)) return false;
      for (const { key, times, isNew } of found) {
        if (isNew) times.push(now);
        // Deleted first, so that the entry that was used least recently is the first.
        known.delete(key);
        known.set(key, { token, times });
      }
      for (const key of known.keys()) {
        if (known.size <= MAX_ENDPOINTS) break;
        known.delete(key);
      }
      return true;
    },
    clear(request) {
      // Nearly always empty, and the keys cost more than the rest of a request's bookkeeping.
      if (known.size > 0) for (const key of keysOf(request)) known.delete(key);
    },
    refund(token) {
      for (const entry of known.values()) if (entry.token === token) entry.times.pop();
    },
  };
}
