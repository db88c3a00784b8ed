import { isA } from '../core/internal.ts';
import { createHash } from './random.ts';

/**
 * The kinds of faults. Numbers are HTTP status codes with the vendor's body.
 * `ip.not.authorized`, `insufficient_scope` and `client-not-authorized` are 401s for which a new token does not help.
 * `throttle` is the rate limit of the Genesys token endpoint, an HTTP 400.
 * `reset` breaks the connection before the request is executed, `lost` afterwards.
 * `truncated` breaks the connection within the body. `malformed` sends a complete response with half of the JSON.
 * `slow` responds late, `hang` never.
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

/** One fault: a kind, or a status with a custom body. */
export interface Fault {
  kind?: FaultKind;
  /** HTTP status code, with the vendor's body unless `body` is set. */
  status?: number;
  /** The body: a string is sent unchanged, any other value as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The `Retry-After` header: seconds, or any text. @default none, except 1 for 429 */
  retryAfter?: number | string;
  /** Milliseconds before the fault. @default 0, for `slow` 250 */
  delay?: number;
  /** Whether to execute the request before the fault, as a gateway with 504 may do. @default false */
  execute?: boolean;
}

/** A request, as the argument of schedule and match functions. */
export interface FaultRequest {
  method: string;
  /** Without the query. */
  path: string;
  endpoint: 'token' | 'api' | 'discovery' | 'file';
  /** The number of the request among those to the same kind of endpoint, from 1. */
  number: number;
  /** The number of the request among those to the same path, from 1. */
  numberOnPath: number;
}

/** One step of a schedule. `none` and undefined cause no fault, and `none` also excludes a random one. */
export type FaultStep = Fault | FaultKind | 'none' | undefined;

/** Faults for one kind of endpoint: first the schedule, then random faults. */
export interface Faults {
  /** A list with one step for each request, or a function that is called for each request. */
  schedule?: readonly FaultStep[] | ((request: FaultRequest) => FaultStep);
  /** Probability of a random fault per request, 0 to 1. The same seed and order of requests cause the same faults. @default 0 */
  probability?: number;
  /** The kinds of random faults. @default 429, 503, reset */
  kinds?: readonly FaultKind[];
  /** As in `Fault`, for random faults. */
  retryAfter?: number | string;
  delay?: number;
}

/** A fault for the next matching requests. */
export interface ScheduledFault extends Fault {
  /** Start of the path, a pattern, or a function. @default every request */
  match?: string | RegExp | ((request: FaultRequest) => boolean);
  method?: string;
  /** How many matching requests receive the fault. @default 1 */
  times?: number;
  /** How many matching requests to skip first. @default 0 */
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

/** Creates the fault plan. @param api faults of the vendors' APIs. @param token faults of the token endpoints. */
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
      // Limited, because each job ID creates a new path.
      const known = onPath.size < MAX_PATHS || onPath.has(path);
      const request = { method, path, endpoint, number, numberOnPath: known ? count(onPath, path) : 1 };
      const queued = queue.length > 0 ? fromQueue(request) : undefined;
      if (queued) return queued;
      if (endpoint !== 'api' && endpoint !== 'token') return undefined;
      const faults = endpoint === 'token' ? token : api;
      const scheduled = fromSchedule(faults.schedule, request);
      if (scheduled !== undefined) return toFault(scheduled);
      // Streams 0 to 3: probability and kind need independent numbers, for each endpoint.
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
  // `search` ignores `lastIndex`, which a pattern with the g flag would keep between requests.
  if (isA(fault.match, 'RegExp')) return request.path.search(fault.match) >= 0;
  return fault.match === undefined || request.path.startsWith(fault.match);
}
