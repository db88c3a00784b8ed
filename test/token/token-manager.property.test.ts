import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bearerError } from '../../src/core/bearer-challenge.ts';
import { TokenError } from '../../src/core/errors.ts';
import { parseRetryAfter } from '../../src/core/retry-after.ts';
import { toStoredTokenSet, toTokenSet } from '../../src/core/token-set.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type Plan, plans, runPlan } from '../support/token-manager-model.ts';

// crypto.subtle hashes in another thread, which a manual clock cannot wait for.
const digestNow = async (_: unknown, data: Uint8Array) =>
  new Uint8Array(createHash('sha256').update(data).digest()).buffer;
beforeAll(
  () => void vi.spyOn(crypto.subtle, 'digest').mockImplementation(digestNow as typeof crypto.subtle.digest),
);
afterAll(() => void vi.restoreAllMocks());

const unhandled: unknown[] = [];
const collect = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', collect));
afterAll(() => void process.off('unhandledRejection', collect));

const get = { kind: 'get', count: 1, cancelBy: 'never' } as const;
const rejectCurrent = { kind: 'reject-current' } as const;
const token = (lifetime: number) => ({ kind: 'token', lifetime, delay: 0 }) as const;

const worksAll = { kind: 'store', get: 'works', lock: 'works', set: 'works' } as const;

/** Found by a random plan: the store still holds the first token because writing the second token failed. */
const storeIsBehind: Plan = {
  store: true,
  refreshTokens: false,
  outcomes: [token(7_200_000), token(60_000)],
  steps: [
    { operations: [get] },
    { operations: [{ ...worksAll, set: 'fails' }, rejectCurrent, get] },
    { operations: [rejectCurrent, get] },
  ],
};
/** As above, but the first token has expired, and its refresh token is used up. */
const storeHoldsUsedRefreshToken: Plan = {
  ...storeIsBehind,
  refreshTokens: true,
  outcomes: [token(3_601_000), token(3_600_000)],
  steps: [
    { operations: [get] },
    { operations: [{ ...worksAll, set: 'fails' }, rejectCurrent, get] },
    { goTo: 'expiresAt', offset: 0 },
    { operations: [get] },
  ],
};

/** Found by a random plan: the stored token, whose refresh token was used, expires later than the token that could not be stored. */
const storeHoldsUsedSuccessor: Plan = {
  store: true,
  refreshTokens: true,
  outcomes: [token(1000)],
  steps: [
    { operations: [get, rejectCurrent] },
    { operations: [{ kind: 'foreign-token', lifetime: 3018 }, rejectCurrent, get] },
    { operations: [{ ...worksAll, set: 'fails' }, { kind: 'foreign-token', lifetime: 5009 }, get] },
    { goTo: 'refreshAt', offset: 0 },
    { advance: 1593 },
    { operations: [get] },
    { goTo: 'refreshAt', offset: 0 },
    { operations: [get] },
  ],
};

/** Another process has stored a newer token that expires earlier than the token of this manager. */
const storeHoldsSuccessor: Plan = {
  ...storeHoldsUsedRefreshToken,
  outcomes: [token(5_400_000)],
  steps: [
    { operations: [get] },
    { operations: [{ kind: 'foreign-token', lifetime: 3_600_000 }] },
    { goTo: 'refreshAt', offset: 0 },
    { operations: [get] },
  ],
};

describe('createTokenManager', () => {
  it('follows every rule of the model for random callers, vendors, stores and times', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.integer(), async (plan, seed) => {
        unhandled.length = 0;
        expect(await runPlan(plan, pseudoRandom(seed))).toEqual([]);
        expect(unhandled).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not return a rejected token that the store still holds after a failed write', async () => {
    expect(await runPlan(storeIsBehind, () => 0)).toEqual([]);
  });

  it('does not send a used refresh token that the store still holds after a failed write', async () => {
    expect(await runPlan(storeHoldsUsedRefreshToken, () => 0)).toEqual([]);
  });

  it('does not send a refresh token of the store again that it has used for a token that could not be stored', async () => {
    expect(await runPlan(storeHoldsUsedSuccessor, () => 0)).toEqual([]);
  });

  it('sends the refresh token of the store if another process has used its own', async () => {
    expect(await runPlan(storeHoldsSuccessor, () => 0)).toEqual([]);
  });

  it('returns a token with times or throws a TokenError for any result of a grant', async () => {
    const almost = fc.record(
      {
        accessToken: fc.oneof(fc.constant('token'), fc.anything()),
        lifetime: fc.oneof(fc.double(), fc.anything()),
        expiresAt: fc.anything(),
        refreshAt: fc.anything(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(almost, fc.anything({ withNullPrototype: true })), async (value) => {
        const clock = createManualClock();
        const vendor = {
          name: 'Model',
          tokenKey: 'model',
          resourceOrigins: [],
          grant: async () => value as never,
        };
        const tokens = createTokenManager({ vendor, clock });
        const result = await Promise.resolve(tokens.getToken()).catch((error: unknown) => error);
        if (result instanceof TokenError) return;
        expect(toStoredTokenSet(result, clock.now()), 'a token with times').toMatchObject(Object(result));
        // A token with a lifetime below 1 ms has expired when it arrives.
        const { lifetime } = value as { lifetime?: unknown };
        if (!(typeof lifetime === 'number' && lifetime > 0 && lifetime < 1)) {
          expect(tokens.current, 'is usable').toBe(result);
        }
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 1000, examples: [[{ accessToken: 'token', lifetime: Number.POSITIVE_INFINITY }]] },
    );
  });
});

describe('toTokenSet', () => {
  const timings = fc.record({
    refreshBuffer: fc.integer({ min: 0, max: 86_400_000 }),
    defaultLifetime: fc.integer({ min: 1_000, max: 86_400_000 }),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const lifetimes = fc.option(fc.integer({ min: 1, max: 365 * 86_400_000 }), { nil: undefined });
  const starts = fc.integer({ min: 0, max: 4_000_000_000_000 });

  it('sets refreshAt to refreshBuffer before expiresAt, up to a tenth of the buffer earlier, but not before 80 % of the lifetime', () => {
    fc.assert(
      fc.property(lifetimes, starts, timings, (lifetime, requestedAt, { random, ...timing }) => {
        const response = { accessToken: 'token', scope: 'a b', ...(lifetime !== undefined && { lifetime }) };
        const { refreshAt, expiresAt, ...rest } = toTokenSet(response, requestedAt, {
          ...timing,
          random: () => random,
        });
        const life = lifetime ?? timing.defaultLifetime;
        expect(expiresAt).toBe(requestedAt + life);
        // Sums of milliseconds since 1970 have a precision of about 0.001 ms.
        const earliest = requestedAt + 0.8 * life;
        expect(refreshAt).toBeGreaterThanOrEqual(earliest - 0.001);
        expect(refreshAt).toBeLessThanOrEqual(expiresAt);
        if (refreshAt > earliest) {
          expect(expiresAt - refreshAt).toBeGreaterThanOrEqual(timing.refreshBuffer - 0.001);
          expect(expiresAt - refreshAt).toBeLessThanOrEqual(1.1 * timing.refreshBuffer + 0.001);
        }
        expect(rest).toEqual({ accessToken: 'token', scope: 'a b' });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parsers of untrusted header fields', () => {
  // Tokens of the grammars, so that random strings get past the first character.
  const grammar = fc
    .array(
      fc.constantFrom(
        'Bearer',
        'Basic',
        'error',
        '=',
        '"',
        '\\',
        ',',
        ' ',
        '\t',
        'a',
        '0',
        '.',
        '-',
        '\n',
        'é',
      ),
      { size: 'large' },
    )
    .map((parts) => parts.join(''));
  const text = fc.oneof(grammar, fc.string({ unit: 'binary', size: 'large' }));

  it('bearerError returns a string or undefined for any value', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.array(text), fc.constantFrom(undefined, null, 1, {})), (field) => {
        const error = bearerError(field);
        expect(error === undefined || typeof error === 'string').toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('bearerError finds the error of a Bearer challenge among other challenges', () => {
    const word = fc.stringMatching(/^[a-z_]{1,12}$/);
    const value = word.chain((value) => fc.constantFrom(value, `"${value}"`));
    const parameter = fc.tuple(
      fc.constantFrom('realm', 'charset', 'scope', 'title'),
      fc.oneof(value, fc.constant('"a, Bearer error=\\"x\\""')),
    );
    const parameters = fc
      .array(parameter, { minLength: 1, maxLength: 3 })
      .map((all) => all.map(([name, value]) => `${name}=${value}`));
    fc.assert(
      fc.property(word, parameters, parameters, fc.nat(3), (error, own, others, at) => {
        const bearer = [...own.slice(0, at), `error="${error}"`, ...own.slice(at)].join(', ');
        const other = `Digest ${others.join(', ')}, error="not_this"`;
        expect(bearerError(`${other}, Bearer ${bearer}`)).toBe(error);
        expect(bearerError(`bearer ${bearer}, ${other}`)).toBe(error);
        expect(bearerError([other, `Bearer ${bearer}`])).toBe(error);
        expect(bearerError(other)).toBeUndefined();
      }),
    );
  });

  it('parseRetryAfter returns undefined or a wait of at least 0 for any value', () => {
    const now = 1_700_000_000_000;
    fc.assert(
      fc.property(fc.oneof(text, fc.integer(), fc.double(), fc.anything()), (value) => {
        const wait = parseRetryAfter(value, now);
        expect(wait === undefined || wait >= 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.nat(), fc.date({ min: new Date(0), noInvalidDate: true }), (seconds, date) => {
        expect(parseRetryAfter(String(seconds), now)).toBe(seconds * 1000);
        const rounded = Math.floor(date.getTime() / 1000) * 1000;
        if (date.getUTCFullYear() > 9999) return;
        expect(parseRetryAfter(date.toUTCString(), now)).toBe(Math.max(0, rounded - now));
      }),
    );
  });

  it.each<[string, string]>([
    ['a word', 'a'],
    ['spaces', ' '],
    ['words', 'a '],
    ['names', 'a='],
    ['quotes', '"'],
    ['open quotes', 'a="\\"'],
    ['backslashes', '\\'],
    ['schemes', 'Bearer '],
    ['commas', ','],
    ['digits', '1'],
    ['points', '1.'],
    ['months', 'Jan '],
    ['parentheses', '('],
    ['signs', '-+'],
  ])('take linear time for 1 MB of %s', (_, part) => {
    const hostile = part.repeat(1_000_000 / part.length);
    for (const value of [hostile, `Bearer ${hostile}`, `Bearer a="${hostile}`, `1${hostile}x`]) {
      const times = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        bearerError(value);
        parseRetryAfter(value, 0);
        return process.cpuUsage(before).user;
      });
      // In microseconds of CPU time, which other processes do not use up. Quadratic time would be a quarter of an hour.
      expect(Math.min(...times)).toBeLessThan(1_000_000);
    }
  });
});

/** Returns a random number generator (mulberry32) with a seed, so that a run can be repeated. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
