import type { FaultKind } from './faults.ts';

/** One request as the log keeps it: no header, no body, no query, so that it can hold no secret. */
export interface SeenRequest {
  /** The how many-th request of all, from 1. */
  number: number;
  /** When it had arrived whole, epoch milliseconds. */
  at: number;
  method: string;
  path: string;
  /** Whether credentials came along, never which. */
  authorization: 'none' | 'basic' | 'bearer' | 'other';
  /** The number of the token that was accepted, in order of issue from 1. */
  token?: number;
  fault?: FaultKind;
  /** HTTP status, or 0 when no answer was sent. */
  status: number;
}

/** A log that forgets the oldest. */
export interface RequestLog {
  add(entry: SeenRequest): void;
  entries(): readonly SeenRequest[];
  reset(): void;
}

/** Makes a log of at most `limit` entries. */
export function createRequestLog(limit: number): RequestLog {
  let log: SeenRequest[] = [];
  return {
    add(entry) {
      if (limit === 0) return;
      log.push(entry);
      // Cut in bulk: shifting one by one would cost each request a move of the whole array.
      if (log.length >= limit * 2) log = log.slice(-limit);
    },
    entries: () => log.slice(-limit || log.length),
    reset() {
      log = [];
    },
  };
}

/** The kind of an `Authorization` header, without its value. */
export function authorizationKind(header: string | undefined): SeenRequest['authorization'] {
  if (header === undefined) return 'none';
  const scheme = header.split(' ', 1)[0]?.toLowerCase();
  return scheme === 'basic' || scheme === 'bearer' ? scheme : 'other';
}
