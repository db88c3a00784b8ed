/** The counts of a simulator since its start or the last reset. */
export interface SimulatorCounts {
  /** All requests to any path. */
  requests: number;
  tokenRequests: number;
  tokensIssued: number;
  /** Token requests that received a 4xx, without faults. */
  tokenRefusals: number;
  /** Tokens that were issued for a refresh token. Part of `tokensIssued`. */
  tokensRefreshed: number;
  /** Requests for discovery documents. */
  discoveryRequests: number;
  /** Requests to the vendors' APIs with any response. */
  apiRequests: number;
  /** API requests that carried a valid token. */
  authorized: number;
  /** 401 responses of the APIs. */
  unauthorized: number;
  /** 403 responses of the APIs. */
  forbidden: number;
  /** 429 responses, and 400 responses of a throttling token endpoint. */
  rateLimited: number;
  /** 5xx responses. */
  serverErrors: number;
  /** Connections that were reset before or after the request was executed. */
  resets: number;
  /** Requests that received no response. */
  hangs: number;
  /** Responses that were delayed by a fault. */
  slow: number;
  /** Responses whose connection broke within the body. */
  truncated: number;
  /** Complete responses with half of the JSON. */
  malformed: number;
  /** Responses that the client did not wait for, because it closed the connection first. */
  abandoned: number;
  /** Records in 2xx responses, including repeated ones. */
  recordsServed: number;
  /** Contacts in executed import requests, including repeated ones. */
  contactsReceived: number;
  /** Files that were downloaded from the file host. */
  filesServed: number;
  /** Requests with a bearer token to a host that must not receive one: a token endpoint, discovery or the file host. */
  leakedBearers: number;
  /** The highest number of open requests. */
  maxConcurrent: number;
  /** Requests by path, without the query. After 1,000 different paths, further paths are counted as `(other)`. */
  byPath: Record<string, number>;
}

const MAX_PATHS = 1000;

/** The live counts of a simulator. */
export interface Counter {
  readonly counts: SimulatorCounts;
  path(path: string): void;
  reset(): void;
}

function zero(): SimulatorCounts {
  return {
    requests: 0,
    tokenRequests: 0,
    tokensIssued: 0,
    tokenRefusals: 0,
    tokensRefreshed: 0,
    discoveryRequests: 0,
    apiRequests: 0,
    authorized: 0,
    unauthorized: 0,
    forbidden: 0,
    rateLimited: 0,
    serverErrors: 0,
    resets: 0,
    hangs: 0,
    slow: 0,
    truncated: 0,
    malformed: 0,
    abandoned: 0,
    recordsServed: 0,
    contactsReceived: 0,
    filesServed: 0,
    leakedBearers: 0,
    maxConcurrent: 0,
    byPath: {},
  };
}

/** Creates counts that stay the same object after a reset. */
export function createCounter(): Counter {
  const counts = zero();
  let paths = new Set<string>();
  // Without a prototype, because a path such as `__proto__` counts like any other.
  counts.byPath = Object.create(null) as Record<string, number>;
  return {
    counts,
    path(path) {
      const key = paths.has(path) || paths.size < MAX_PATHS ? path : '(other)';
      paths.add(key);
      counts.byPath[key] = (counts.byPath[key] ?? 0) + 1;
    },
    reset() {
      paths = new Set();
      Object.assign(counts, zero(), { byPath: Object.create(null) });
    },
  };
}
