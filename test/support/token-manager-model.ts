import { getEventListeners } from 'node:events';
import axios, { type CancelTokenSource } from 'axios';
import fc from 'fast-check';
import { TokenEndpointError, TokenRequestError } from '../../src/core/errors.ts';
import type { AuthRefreshEvent } from '../../src/core/events.ts';
import type { GrantContext } from '../../src/core/grant.ts';
import type { TokenResponse, TokenSet } from '../../src/core/token-set.ts';
import type { StoredToken, TokenStore } from '../../src/core/token-store.ts';
import type { Vendor } from '../../src/core/vendor.ts';
import { sharedStore } from '../../src/token/shared-store.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { createManualClock } from './manual-clock.ts';

const SECOND = 1_000;
const TOKEN_TIMEOUT = 30 * SECOND;
const STORE_TIMEOUT = 2 * SECOND;
const DEFAULT_LIFETIME = 1_800 * SECOND;
const MAX_COOL_DOWN = 3_600 * SECOND;
const LOCK_TIMEOUT = TOKEN_TIMEOUT + 10 * SECOND;
/** The longest refresh: read the store, wait for the lock, read again, fetch, write and read once more. */
const LONGEST_REFRESH = LOCK_TIMEOUT + TOKEN_TIMEOUT + 4 * STORE_TIMEOUT;

/** How the vendor answers one token request. Durations are in milliseconds. */
type Outcome =
  | { kind: 'token'; lifetime: number | undefined; delay: number }
  | { kind: 'oauth-error'; error: string; delay: number }
  | { kind: 'throttle'; retryAfter: number | undefined; delay: number }
  | { kind: 'network'; delay: number }
  | { kind: 'throws'; value: unknown; delay: number }
  | { kind: 'hangs'; ignoresSignal: boolean };

/** An action. The actions of one step run synchronously. */
type Operation =
  | { kind: 'get'; count: number; cancelBy: CancelBy }
  | { kind: 'abort'; pick: number }
  | { kind: 'reject-current' }
  | { kind: 'reject-old'; pick: number }
  | { kind: 'store'; get: StoreMode; lock: StoreMode; set: StoreMode }
  | { kind: 'foreign-token'; lifetime: number };

/** How a caller stops waiting. A number is a timeout in milliseconds. */
type CancelBy = 'never' | 'signal' | 'cancel-token' | 'aborted-signal' | number;
type StoreMode = 'works' | 'fails' | 'hangs';
type Step =
  | { advance: number }
  /** Goes to a time of the current token, plus `offset`. */
  | { goTo: 'refreshAt' | 'expiresAt'; offset: number }
  | { operations: Operation[] };

export interface Plan {
  store: boolean;
  refreshTokens: boolean;
  outcomes: Outcome[];
  steps: Step[];
}

const duration = fc.oneof(
  fc.integer({ min: 0, max: 2 * SECOND }),
  fc.integer({ min: 0, max: 60 * SECOND }),
  fc.integer({ min: 0, max: 7_200 * SECOND }),
);
const delay = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 * SECOND }) },
);
const lifetime = fc.integer({ min: SECOND, max: 7_200 * SECOND });

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('token' as const),
      lifetime: fc.option(lifetime, { nil: undefined }),
      delay,
    }),
  },
  fc.record({
    kind: fc.constant('oauth-error' as const),
    error: fc.constantFrom('invalid_client', 'invalid_grant', 'invalid_scope'),
    delay,
  }),
  fc.record({
    kind: fc.constant('throttle' as const),
    retryAfter: fc.option(fc.integer({ min: 0, max: 2 * MAX_COOL_DOWN }), { nil: undefined }),
    delay,
  }),
  fc.record({ kind: fc.constant('network' as const), delay }),
  fc.record({
    kind: fc.constant('throws' as const),
    value: fc.anything({ withNullPrototype: true }),
    delay,
  }),
  fc.record({ kind: fc.constant('hangs' as const), ignoresSignal: fc.boolean() }),
);

const storeMode = fc.constantFrom<StoreMode>('works', 'works', 'fails', 'hangs');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      count: fc.integer({ min: 1, max: 4 }),
      cancelBy: fc.oneof(
        fc.constantFrom<CancelBy>('never', 'signal', 'cancel-token', 'aborted-signal'),
        fc.integer({ min: 1, max: 40 * SECOND }),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reject-current' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reject-old' as const), pick: fc.nat(100) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      get: storeMode,
      lock: storeMode,
      set: storeMode,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign-token' as const), lifetime }) },
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  store: fc.boolean(),
  refreshTokens: fc.boolean(),
  outcomes: fc.array(outcome, { minLength: 1, maxLength: 12, size: 'max' }),
  steps: fc.array(
    fc.oneof(
      fc.record({ advance: duration }),
      fc.record({
        goTo: fc.constantFrom('refreshAt' as const, 'expiresAt' as const),
        offset: fc.constantFrom(-1, 0, 1, 100),
      }),
      fc.record({ operations: fc.array(operation, { minLength: 1, maxLength: 5 }) }),
    ),
    // Longer than the default of fast-check.
    { minLength: 1, maxLength: 40, size: 'max' },
  ),
});

interface Waiter {
  since: number;
  cancel: () => void;
  timeout: number;
  isCanceled: boolean;
  signal: AbortSignal;
  settled: { at: number; token?: TokenSet; error?: unknown } | undefined;
}

/**
 * Runs a plan against a token manager and checks the rules of the model.
 *
 * @returns the violated rules.
 */
export async function runPlan(plan: Plan, random: () => number): Promise<string[]> {
  const violations: string[] = [];
  const must = (holds: boolean, rule: string) => {
    if (!holds) violations.push(rule);
  };
  const clock = createManualClock();
  const start = clock.now();
  const events: AuthRefreshEvent[] = [];
  const waiters: Waiter[] = [];
  const returned: TokenSet[] = [];
  const rejected = new Set<string>();
  const usedRefreshTokens = new Set<string>();
  const refusedRefreshTokens = new Set<string>();
  let issued = 0;
  let ownTimers = 0;

  // ---- the vendor ----
  let requests = 0;
  let open = 0;
  let quietUntil = 0;
  let backgroundQuietUntil = 0;
  let failures = 0;
  let refreshesWithRequests = 0;
  let lastRefresh = -1;
  const lifetimes = [DEFAULT_LIFETIME];

  const after = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      ownTimers++;
      clock.setTimeout(() => {
        ownTimers--;
        resolve();
      }, milliseconds);
    });
  const refreshNumber = () => events.filter(({ type }) => type === 'refresh-started').length;

  async function respond({ signal, refreshToken }: GrantContext): Promise<TokenResponse> {
    const next = plan.outcomes[requests++ % plan.outcomes.length] as Outcome;
    must(open === 0, 'only one token request runs at a time');
    const lastStart = events.findLast(({ type }) => type === 'refresh-started');
    must(clock.now() >= quietUntil, 'no token request starts during the cool-down');
    must(
      !(lastStart as { background?: boolean }).background || clock.now() >= backgroundQuietUntil,
      'a failed background refresh is not repeated for every request',
    );
    must(refreshToken === undefined || !usedRefreshTokens.has(refreshToken), 'a refresh token is used once');
    must(
      refreshToken === undefined || !refusedRefreshTokens.has(refreshToken),
      'a refused refresh token is not sent again',
    );
    must(
      refreshToken === undefined || !usedPerStore.has(refreshToken),
      'a refresh token that another process has used is not sent if the store holds its successor',
    );
    if (lastRefresh !== refreshNumber()) refreshesWithRequests++;
    lastRefresh = refreshNumber();
    let counted = true;
    open++;
    const close = () => {
      if (counted) open--;
      counted = false;
    };
    signal.addEventListener('abort', () => {
      failures++;
      close();
    });
    try {
      if (next.kind === 'hangs') {
        await new Promise<void>((_, reject) => {
          if (!next.ignoresSignal) signal.addEventListener('abort', () => reject(signal.reason));
        });
        return { accessToken: 'never' };
      }
      await after(next.delay);
      if (signal.aborted) return { accessToken: `late-${issued}` };
      if (next.kind === 'token') {
        const id = ++issued;
        lifetimes.push(next.lifetime ?? DEFAULT_LIFETIME);
        if (refreshToken !== undefined) usedRefreshTokens.add(refreshToken);
        return {
          accessToken: `token-${id}`,
          ...(next.lifetime !== undefined && { lifetime: next.lifetime }),
          ...(plan.refreshTokens && { refreshToken: `refresh-${id}` }),
        };
      }
      failures++;
      throw failureOf(next, refreshToken);
    } finally {
      close();
    }
  }

  function failureOf(
    next: Exclude<Outcome, { kind: 'token' | 'hangs' }>,
    refreshToken: string | undefined,
  ): unknown {
    const quiet = (milliseconds: number) => {
      quietUntil = clock.now() + milliseconds;
    };
    // After a refused refresh token, the same refresh continues with the grant.
    const isFinal = refreshToken === undefined;
    if (next.kind === 'oauth-error') {
      if (isFinal) quiet(5 * SECOND);
      else if (next.error !== 'invalid_client') refusedRefreshTokens.add(refreshToken);
      return new TokenEndpointError('refused', {
        code: 'ERR_TOKEN_ENDPOINT',
        status: 400,
        error: next.error,
      });
    }
    if (next.kind === 'throttle') {
      quiet(next.retryAfter === undefined ? 5 * SECOND : Math.min(next.retryAfter, MAX_COOL_DOWN));
      return new TokenRequestError('throttled', {
        code: 'ERR_TOKEN_THROTTLED',
        retryAfter: next.retryAfter,
      });
    }
    if (next.kind === 'network') {
      return new TokenRequestError('unreachable', { code: 'ERR_TOKEN_REQUEST' });
    }
    if (isFinal) quiet(5 * SECOND);
    return next.value;
  }

  const vendor: Vendor = {
    name: 'Model',
    tokenKey: 'model',
    resourceOrigins: [],
    grant: respond,
    ...(plan.refreshTokens && { refreshGrant: respond }),
  };

  // ---- the store ----
  const modes: Record<'get' | 'lock' | 'set', StoreMode> = { get: 'works', lock: 'works', set: 'works' };
  let stored: StoredToken | undefined;
  let fence = 0;
  let foreign = 0;
  /** Refresh tokens that another process has used, and the subset that the store contained when the refresh started. */
  const usedElsewhere = new Set<string>();
  let usedPerStore = new Set<string>();
  function storeCall(mode: StoreMode): Promise<void> {
    if (mode === 'hangs') return new Promise(() => {});
    return mode === 'fails' ? Promise.reject(new Error('store down')) : Promise.resolve();
  }
  const store: TokenStore = {
    async get() {
      await storeCall(modes.get);
      return stored;
    },
    async set(_, candidate) {
      await storeCall(modes.set);
      if (stored && candidate.fence <= stored.fence) return false;
      stored = candidate;
      return true;
    },
    async withLock(_, __, work) {
      await storeCall(modes.lock);
      return work({ fence: ++fence, signal: new AbortController().signal });
    },
    close: async () => {},
  };

  const manager = createTokenManager({
    vendor,
    clock,
    random,
    tokenTimeout: TOKEN_TIMEOUT,
    defaultLifetime: DEFAULT_LIFETIME,
    onEvent: (event) => events.push(event),
    ...(plan.store && { store: sharedStore(store) }),
  });

  // ---- the callers ----
  function receive(token: TokenSet, since: number): void {
    must(!rejected.has(token.accessToken), 'a rejected token is not returned again');
    // If a token's lifetime is shorter than its refresh, only the callers that waited for the refresh receive it.
    const justFetched = since < clock.now() && refreshEndedAt() === clock.now();
    must(clock.now() < token.expiresAt || justFetched, 'an expired token is not returned');
    if (returned.at(-1) !== token) returned.push(token);
  }

  const refreshEndedAt = () => endedAt;
  let endedAt = 0;
  manager.subscribe(({ type }) => {
    if (type === 'refresh-succeeded' || type === 'refresh-failed') endedAt = clock.now();
    if (type === 'refresh-failed') backgroundQuietUntil = endedAt + 5 * SECOND;
    if (type === 'refresh-started')
      usedPerStore = new Set(plan.store && modes.get === 'works' ? usedElsewhere : []);
  });

  let currentRejections = 0;

  function get(cancelBy: CancelBy): void {
    const since = clock.now();
    const expected = manager.current;
    const controller = new AbortController();
    let source: CancelTokenSource | undefined;
    let config: Parameters<typeof manager.getToken>[0];
    if (cancelBy === 'signal' || cancelBy === 'aborted-signal') config = { signal: controller.signal };
    if (cancelBy === 'aborted-signal') controller.abort();
    if (cancelBy === 'cancel-token') {
      source = axios.CancelToken.source();
      config = { cancelToken: source.token };
    }
    if (typeof cancelBy === 'number') config = { timeout: cancelBy, signal: controller.signal };
    const result = manager.getToken(config);
    if (!(result instanceof Promise)) {
      must(result === expected, 'a usable token is returned synchronously');
      receive(result, since);
      return;
    }
    must(expected === undefined, 'no caller waits while a token is usable');
    const waiter: Waiter = {
      since,
      timeout: typeof cancelBy === 'number' ? cancelBy : Number.POSITIVE_INFINITY,
      isCanceled: cancelBy === 'aborted-signal',
      signal: controller.signal,
      settled: undefined,
      cancel() {
        if (cancelBy === 'never') return;
        waiter.isCanceled = true;
        controller.abort();
        source?.cancel();
      },
    };
    waiters.push(waiter);
    result.then(
      (token) => {
        must(waiter.settled === undefined, 'a wait settles once');
        waiter.settled = { at: clock.now(), token };
        receive(token, since);
      },
      (error) => {
        waiter.settled = { at: clock.now(), error };
      },
    );
  }

  function operate(op: Operation): void {
    switch (op.kind) {
      case 'get':
        for (let i = 0; i < op.count; i++) get(op.cancelBy);
        break;
      case 'abort': {
        const open = waiters.filter(({ settled, isCanceled }) => !settled && !isCanceled);
        open[op.pick % open.length]?.cancel();
        break;
      }
      case 'reject-current': {
        const token = returned.at(-1);
        if (token && manager.current === token) currentRejections++;
        manager.reject(token);
        if (token) rejected.add(token.accessToken);
        must(token === undefined || manager.current !== token, 'a rejected token is not current');
        break;
      }
      case 'reject-old': {
        const old = returned.slice(0, -1).filter((token) => token !== returned.at(-1));
        const token = old[op.pick % old.length];
        if (!token) break;
        const before = manager.current;
        manager.reject(token);
        rejected.add(token.accessToken);
        must(manager.current === before, 'rejecting an old token changes nothing');
        break;
      }
      case 'store':
        Object.assign(modes, { get: op.get, lock: op.lock, set: op.set });
        break;
      case 'foreign-token': {
        const now = clock.now();
        const used = stored?.token.refreshToken;
        if (used) usedElsewhere.add(used);
        const token = {
          ...(used && { refreshToken: `refresh-foreign-${foreign}` }),
          accessToken: `foreign-${++foreign}`,
          refreshAt: now + 0.8 * op.lifetime,
          expiresAt: now + op.lifetime,
        };
        stored = { token, fence: ++fence };
        break;
      }
    }
  }

  function check(): void {
    let isRefreshing = false;
    for (const { type } of events) {
      if (type === 'refresh-started') {
        must(!isRefreshing, 'only one refresh runs at a time');
        isRefreshing = true;
      } else if (type === 'refresh-succeeded' || type === 'refresh-failed') {
        must(isRefreshing, 'each end of a refresh has a start');
        isRefreshing = false;
      }
    }
    must(isRefreshing || clock.pending === ownTimers, 'no timer is pending without a refresh');
    const now = clock.now();
    for (const { settled, since, timeout, signal } of waiters) {
      const limit = since + Math.min(timeout, LONGEST_REFRESH);
      must((settled?.at ?? now) <= limit, 'a wait ends with the refresh or at its timeout');
      must(
        settled === undefined || getEventListeners(signal, 'abort').length === 0,
        'a settled wait has no listener on its signal',
      );
      must(isRefreshing || settled !== undefined, 'no caller waits without a refresh');
    }
    const { current } = manager;
    must(current === undefined || now < current.expiresAt, 'the current token has not expired');
    // A token is used for at least 80 % of its lifetime.
    const perLifetime = (now - start) / (0.8 * Math.min(...lifetimes));
    must(
      refreshesWithRequests <= perLifetime + 1 + currentRejections + failures + foreign,
      'tokens are not fetched more often than needed',
    );
  }

  // ---- the run ----
  for (const step of plan.steps) {
    if ('advance' in step) {
      await clock.advance(step.advance);
    } else if ('goTo' in step) {
      const boundary = manager.current?.[step.goTo] ?? 0;
      await clock.advance(Math.max(0, Math.ceil(boundary) + step.offset - clock.now()));
    } else {
      const waiting = waiters.filter(({ settled }) => !settled);
      for (const op of step.operations) operate(op);
      await clock.advance(0);
      for (const { isCanceled, settled } of waiting) {
        must(isCanceled === (settled !== undefined), 'an abort ends its own wait at once, and no other');
      }
    }
    check();
  }
  await clock.advance(LONGEST_REFRESH);
  check();
  must(
    waiters.every(({ settled }) => settled),
    'every wait settles',
  );
  for (const { settled, isCanceled, timeout } of waiters) {
    if (!settled || settled.token) continue;
    const { name = '', code } = settled.error as { name?: string; code?: string };
    // A wait that is canceled in the same step may reject with the repeated failure first.
    const expected = [
      ...TOKEN_CODES,
      ...(isCanceled ? ['ERR_CANCELED'] : []),
      ...(Number.isFinite(timeout) ? ['ECONNABORTED'] : []),
    ];
    must(expected.includes(code ?? ''), `an error has one of ${expected}, not ${name} ${code}`);
  }
  await clock.advance(2 * TOKEN_TIMEOUT);
  must(clock.pending === 0, 'no timer is left');
  must(open === 0, 'every token request ends or is aborted');
  return [...new Set(violations)];
}

const TOKEN_CODES = [
  'ERR_TOKEN_ENDPOINT',
  'ERR_TOKEN_REQUEST',
  'ERR_TOKEN_TIMEOUT',
  'ERR_TOKEN_THROTTLED',
  'ERR_TOKEN_RESPONSE',
  'ERR_CALLBACK',
];
