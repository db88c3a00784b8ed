import type { FaultKind } from './faults.ts';

/** One logged request, without headers, body and query, so that it contains no secret. */
export interface SeenRequest {
  /** The number of the request, from 1. */
  number: number;
  /** The time of its arrival in epoch milliseconds. */
  at: number;
  method: string;
  path: string;
  /** The kind of credentials, without their value. */
  authorization: 'none' | 'basic' | 'bearer' | 'other';
  /** The number of the accepted token in order of issue, from 1. */
  token?: number;
  fault?: FaultKind;
  /** HTTP status code, or 0 if no response was sent. */
  status: number;
}

/** A log of the latest requests. */
export interface RequestLog {
  add(entry: SeenRequest): void;
  entries(): readonly SeenRequest[];
  reset(): void;
}

/** Creates a log of at most `limit` entries. */
export function createRequestLog(limit: number): RequestLog {
  let log: SeenRequest[] = [];
  return {
    add(entry) {
      if (limit === 0) return;
      log.push(entry);
      // Truncated in bulk: removing single entries would move the whole array for each request.
      if (log.length >= limit * 2) log = log.slice(-limit);
    },
    entries: () => log.slice(-limit || log.length),
    reset() {
      log = [];
    },
  };
}

/** Returns the kind of an `Authorization` header. */
export function authorizationKind(header: string | undefined): SeenRequest['authorization'] {
  if (header === undefined) return 'none';
  const scheme = header.split(' ', 1)[0]?.toLowerCase();
  return scheme === 'basic' || scheme === 'bearer' ? scheme : 'other';
}
