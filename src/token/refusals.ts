import type { InternalAxiosRequestConfig } from 'axios';
import type { Clock, TokenSet } from '../core/index.ts';
import { monotonicOf, requestUrl } from '../core/internal.ts';

/** A request whose endpoint refused or accepted a token. */
export type EndpointRequest = Partial<InternalAxiosRequestConfig>;

/** Remembers which endpoints refuse tokens, so that an endpoint that refuses every token causes few token fetches. */
export interface Refusals {
  /** Counts a refusal. @returns false if the endpoint has used up its token fetches. */
  add(token: TokenSet, request: EndpointRequest): boolean;
  /** Forgets the refusals of an endpoint, because the endpoint accepted a token. */
  clear(token: TokenSet, request: EndpointRequest): void;
  /** Counts the token fetch at its own time, and not at all if another process fetched the new token. */
  replace(token: TokenSet | undefined, isFromStore: boolean): void;
}

const FETCHES = 3;
const PERIOD = 60_000;
const MAX_ENDPOINTS = 500;

// Matches the query, and path segments that contain an id: numbers, UUIDs, hashes, long names, e-mail addresses, escapes.
const VARIABLE = /[\d@%?#]|.{20}/s;

/** @param apiBaseUrl where requests without a base URL go. */
export function createRefusals(clock: Clock, apiBaseUrl?: string): Refusals {
  const monotonic = monotonicOf(clock);
  // The token that each endpoint refused last, and the times of those refusals that may have caused a token fetch.
  const known = new Map<string, { token: TokenSet; times: number[] }>();

  const endpointOf = (request: EndpointRequest) =>
    `${request.method} ${requestUrl(request, apiBaseUrl)}`.replace(
      /[?#].*|(\/\/)?[^/?#]+/gs,
      (part, isHost) => (isHost || !VARIABLE.test(part) ? part : ''),
    );

  return {
    add(token, request) {
      const endpoint = endpointOf(request);
      const now = monotonic();
      const entry = known.get(endpoint);
      const times = (entry?.times ?? []).filter((time) => now - time < PERIOD);
      if (entry?.token !== token) {
        if (times.length >= FETCHES) return false;
        times.push(now);
      }
      // Deleted first, so that the first entry is the one that was used least recently.
      known.delete(endpoint);
      known.set(endpoint, { token, times });
      if (known.size > MAX_ENDPOINTS) known.delete(known.keys().next().value as string);
      return true;
    },
    clear(token, request) {
      // Nearly always empty, and to name the endpoint costs more than the rest of a request's bookkeeping.
      if (!known.size) return;
      const endpoint = endpointOf(request);
      // Requests for other ids of the endpoint may be refused the same token.
      if (known.get(endpoint)?.token !== token) known.delete(endpoint);
    },
    replace(token, isFromStore) {
      for (const entry of known.values()) {
        if (entry.token === token) entry.times.splice(-1, 1, ...(isFromStore ? [] : [monotonic()]));
      }
    },
  };
}
