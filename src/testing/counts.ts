/** Everything the simulator has seen since it started or was reset. */
export interface SimulatorCounts {
  /** All requests, to whatever path. */
  requests: number;
  tokenRequests: number;
  tokensIssued: number;
  /** Token requests answered with a 4xx, faults not included. */
  tokenRefusals: number;
  /** Of `tokensIssued`, those got with a refresh token. */
  tokensRefreshed: number;
  /** Discovery documents asked for. */
  discoveryRequests: number;
  /** Requests to the vendors' APIs, whatever was answered. */
  apiRequests: number;
  /** API requests that carried a valid token. */
  authorized: number;
  /** 401 answers of the APIs. */
  unauthorized: number;
  /** 403 answers of the APIs. */
  forbidden: number;
  /** 429 answers, and the token endpoint's throttle, which is a 400. */
  rateLimited: number;
  /** 5xx answers. */
  serverErrors: number;
  /** Connections reset before or after the request was carried out. */
  resets: number;
  /** Requests that were never answered. */
  hangs: number;
  /** Answers delayed by a fault. */
  slow: number;
  /** Answers whose connection broke within the body. */
  truncated: number;
  /** Complete answers whose JSON stops half way. */
  malformed: number;
  /** Answers the client did not wait for: it closed the connection first. */
  abandoned: number;
  /** Records in answers of 2xx, repeated ones counted each time. */
  recordsServed: number;
  /** Contacts in import requests that were carried out, repeated ones counted each time. */
  contactsReceived: number;
  /** Files fetched from the file host. */
  filesServed: number;
  /** Requests that brought an `Authorization: Bearer` where none may go: a token endpoint, the file host. */
  leakedBearers: number;
  /** The most requests that were open at one time. */
  maxConcurrent: number;
  /** Requests by path, without the query. After 1,000 different paths the rest is counted as `(other)`. */
  byPath: Record<string, number>;
}

const MAX_PATHS = 1000;

/** The live counts and the two operations on them. */
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

/** Makes counts that stay the same object when they are reset. */
export function createCounter(): Counter {
  const counts = zero();
  let paths = new Set<string>();
  // No prototype: a path such as `__proto__` must count like any other.
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
