import { createHash } from './random.ts';

/**
 * What can go wrong. Numbers are HTTP statuses with the vendor's own body.
 * `ip.not.authorized`, `insufficient_scope` and `client-not-authorized` are 401s that no new token cures.
 * `throttle` is the Genesys token endpoint's own rate limit, an HTTP 400.
 * `reset` breaks the connection before the request is carried out, `lost` after it.
 * `truncated` breaks it within the body; `malformed` is a complete answer with half of its JSON.
 * `slow` answers late, `hang` never.
 */
export type FaultKind =
  | '400'
  | '401'
  | '403'
  | '404'
  | '408'
  | '429'
  | '500'
  | '502'
  | '503'
  | '504'
  | 'ip.not.authorized'
  | 'insufficient_scope'
  | 'client-not-authorized'
  | 'throttle'
  | 'reset'
  | 'lost'
  | 'truncated'
  | 'malformed'
  | 'slow'
  | 'hang';

/** One fault in detail: a kind, or a status with a body of one's own. */
export interface Fault {
  kind?: FaultKind;
  /** HTTP status; the body is the vendor's own for it unless `body` is given. */
  status?: number;
  /** Sent as it is when a string, otherwise as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The `Retry-After` header: seconds, or any text. Default: none, except 1 for 429. */
  retryAfter?: number | string;
  /** Milliseconds to wait first. Default 0, for `slow` 250. */
  delay?: number;
  /** Carry the request out before the fault, as a gateway's 504 may. Default false. */
  execute?: boolean;
}

/** What a schedule or a match function is told about a request. */
export interface FaultRequest {
  method: string;
  /** Without the query. */
  path: string;
  endpoint: 'token' | 'api' | 'discovery' | 'file';
  /** The how many-th request of its kind of endpoint this is, from 1. */
  number: number;
  /** The how many-th request on this path, from 1. */
  numberOnPath: number;
}

/** One step of a schedule; `none` lets the request pass. */
export type FaultStep = Fault | FaultKind | 'none' | undefined;

/** Faults for one kind of endpoint: first the schedule, then chance. */
export interface Faults {
  /** A list: the n-th request gets the n-th step. A function: asked for every request. */
  schedule?: readonly FaultStep[] | ((request: FaultRequest) => FaultStep);
  /** Chance of a fault per request, 0 to 1. Default 0. Same seed, same order of requests: same faults. */
  probability?: number;
  /** What chance chooses from. Default 429, 503, reset. */
  kinds?: readonly FaultKind[];
  /** As in `Fault`, for the faults that chance chooses. */
  retryAfter?: number | string;
  delay?: number;
}

/** A fault for the next requests that match. */
export interface ScheduledFault extends Fault {
  /** Beginning of the path, or a pattern, or a function. Default: every request. */
  match?: string | RegExp | ((request: FaultRequest) => boolean);
  method?: string;
  /** How many matching requests get it. Default 1. */
  times?: number;
  /** How many matching requests pass before. Default 0. */
  after?: number;
}

/** Decides the fault of each request. */
export interface FaultPlan {
  next(method: string, path: string, endpoint: FaultRequest['endpoint']): Fault | undefined;
  schedule(...faults: ScheduledFault[]): void;
  reset(): void;
}

const DEFAULT_KINDS: readonly FaultKind[] = ['429', '503', 'reset'];
const MAX_PATHS = 1000;

/** Makes the plan; `api` is for the vendors' APIs, `token` for the token endpoints. */
export function createFaultPlan(seed: number, api: Faults = {}, token: Faults = {}): FaultPlan {
  const hash = createHash(seed);
  let queue: Array<{ fault: ScheduledFault; left: number; skip: number }> = [];
  let numbers = new Map<FaultRequest['endpoint'], number>();
  let onPath = new Map<string, number>();

  const count = <K>(map: Map<K, number>, key: K): number => {
    const number = (map.get(key) ?? 0) + 1;
    map.set(key, number);
    return number;
  };

  const fromQueue = (request: FaultRequest): Fault | undefined => {
    for (const entry of queue) {
      if (!matches(entry.fault, request)) continue;
      if (entry.skip > 0) {
        entry.skip--;
        continue;
      }
      if (--entry.left <= 0) queue = queue.filter((other) => other !== entry);
      return entry.fault;
    }
    return undefined;
  };

  return {
    next(method, path, endpoint) {
      const number = count(numbers, endpoint);
      // Bounded, because job ids make new paths without end.
      const known = onPath.size < MAX_PATHS || onPath.has(path);
      const request = { method, path, endpoint, number, numberOnPath: known ? count(onPath, path) : 1 };
      const commanded = queue.length > 0 ? fromQueue(request) : undefined;
      if (commanded) return commanded;
      if (endpoint !== 'api' && endpoint !== 'token') return undefined;
      const faults = endpoint === 'token' ? token : api;
      const scheduled = fromSchedule(faults.schedule, request);
      if (scheduled !== undefined) return toFault(scheduled);
      // Streams 0 to 3: chance and choice must not be the same number, nor the same for both endpoints.
      const stream = endpoint === 'token' ? 2 : 0;
      if (!faults.probability || hash.fraction(stream, number) >= faults.probability) return undefined;
      const kinds = faults.kinds ?? DEFAULT_KINDS;
      const kind = kinds[Math.floor(hash.fraction(stream + 1, number) * kinds.length)];
      if (kind === undefined) return undefined;
      return {
        kind,
        ...(faults.retryAfter !== undefined && { retryAfter: faults.retryAfter }),
        ...(faults.delay !== undefined && { delay: faults.delay }),
      };
    },
    schedule(...faults) {
      for (const fault of faults) queue.push({ fault, left: fault.times ?? 1, skip: fault.after ?? 0 });
    },
    reset() {
      queue = [];
      numbers = new Map();
      onPath = new Map();
    },
  };
}

function fromSchedule(schedule: Faults['schedule'], request: FaultRequest): FaultStep {
  return typeof schedule === 'function' ? schedule(request) : schedule?.[request.number - 1];
}

function toFault(step: Fault | FaultKind | 'none'): Fault | undefined {
  if (step === 'none') return undefined;
  return typeof step === 'string' ? { kind: step } : step;
}

function matches(fault: ScheduledFault, request: FaultRequest): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== request.method) return false;
  if (typeof fault.match === 'function') return fault.match(request);
  // `search` ignores `lastIndex`, which a pattern with the g flag would carry from request to request.
  if (fault.match instanceof RegExp) return request.path.search(fault.match) >= 0;
  return fault.match === undefined || request.path.startsWith(fault.match);
}
