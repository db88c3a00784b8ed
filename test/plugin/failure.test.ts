import axios from 'axios';
import axiosRetry from 'axios-retry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchError } from '../../src/batch/errors.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ConfigurationError, isAuthRefreshError, TokenRequestError } from '../../src/core/errors.ts';
import type { TokenSet } from '../../src/core/token-set.ts';
import type { Grant } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { delay, type Fixture, startFixture } from '../support/fixture.ts';
import { createManualClock, type ManualClock, settle } from '../support/manual-clock.ts';
import { sendJson } from '../support/server.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';
import { storeWith } from '../support/store-with.ts';

const HOUR = 3_600_000;

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('the request succeeded'),
    (error) => error,
  );

/** Advances the manual clock, and leaves time for real responses, until the promise settles. */
async function drive<T>(clock: ManualClock, promise: Promise<T>, step = 100): Promise<T> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  while (!settled) {
    await delay(1);
    await clock.advance(step);
  }
  return promise;
}

/** Collects unhandled rejections until the test ends. */
function watchRejections(): unknown[] {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  onTestFinished(() => void process.off('unhandledRejection', listener));
  return unhandled;
}

/** Collects the warnings of this package until the test ends. */
function watchWarnings(): string[] {
  const warnings: string[] = [];
  const listener = (warning: Error) => {
    if (warning.name === 'AuthRefreshWarning') warnings.push(warning.message);
  };
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  return warnings;
}

describe('when the token endpoint fails', () => {
  it('rejects every waiting request with its own config, its 401 and the cause after a 500', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    fixture.onToken = (_, response) => sendJson(response, 500, { oops: true });
    const errors = await Promise.all(
      Array.from({ length: 20 }, (_, i) => failureOf(api.get('/data', { params: { i } }))),
    );
    for (const [i, error] of errors.entries()) {
      expect(axios.isAxiosError(error)).toBe(true);
      expect(isAuthRefreshError(error)).toBe(true);
      expect(axios.isCancel(error)).toBe(false);
      expect(error).toBeInstanceOf(Error);
      expect(error.config).toMatchObject({ url: '/data', params: { i } });
      expect(error.config.headers.has('Authorization')).toBe(false);
      expect(error).toMatchObject({
        name: 'AuthRefreshError',
        code: 'ERR_TOKEN_REQUEST',
        status: 401,
        response: { status: 401, data: { code: 'bad.credentials' } },
        cause: { name: 'TokenRequestError', code: 'ERR_TOKEN_REQUEST', status: 500 },
      });
      expect(error.message).toContain('/oauth/token answered 500');
    }
    // One refresh: the first attempt and three retries.
    expect(fixture.tokenRequests).toHaveLength(1 + 4);
    expect(fixture.apiRequests).toHaveLength(1 + 20);
    expect(events.filter(({ type }) => type === 'refresh-failed')).toHaveLength(1);
  });

  it('repeats the error for one second, then fetches a token again', async () => {
    const fixture = await startFixture();
    const clock = createShiftedClock();
    const { api } = fixture.attach({ tokenRetries: 0, clock });
    fixture.onToken = (_, response) => sendJson(response, 503, {});
    await expect(api.get('/data')).rejects.toMatchObject({ cause: { status: 503 } });
    fixture.onToken = undefined;
    clock.shift(999);
    await expect(api.get('/data')).rejects.toMatchObject({ cause: { status: 503 } });
    expect(fixture.tokenRequests).toHaveLength(1);
    clock.shift(1);
    expect((await api.get('/data')).status).toBe(200);
  });

  it('sends no further token requests if the application uses axios-retry', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: false });
    axiosRetry(api);
    fixture.onToken = (_, response) => sendJson(response, 500, {});
    await expect(api.get('/data')).rejects.toMatchObject({
      name: 'AuthRefreshError',
      cause: { status: 500 },
    });
    expect(fixture.tokenRequests).toHaveLength(4);
  });

  it.each([
    ['500', 500, {}],
    ['408', 408, {}],
    ['429 without Retry-After', 429, {}],
    ['503 with an invalid Retry-After', 503, { 'retry-after': 'soon' }],
  ])('retries the token request after %s', async (_, code, headers) => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    fixture.onToken = (_request, response) =>
      fixture.tokenRequests.length <= 2 ? sendJson(response, code, {}, headers) : fixture.issue(response);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it('retries the token request after a broken connection', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    fixture.onToken = (_request, response) =>
      fixture.tokenRequests.length <= 2 ? void response.destroy() : fixture.issue(response);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(3);
  });
});

describe('when the token endpoint throttles', () => {
  const throttleOnce =
    (fixture: Fixture, retryAfter: string): Fixture['onToken'] =>
    (_, response) =>
      fixture.tokenRequests.length === 1
        ? sendJson(response, 429, {}, { 'retry-after': retryAfter })
        : fixture.issue(response);

  it('waits once for a short Retry-After, then completes all ten requests', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock });
    fixture.onToken = throttleOnce(fixture, '2');
    const calls = Promise.all(Array.from({ length: 10 }, (_, i) => api.get('/data', { params: { i } })));
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    await expect.poll(() => clock.pending).toBe(2); // The deadline of the fetch and the wait.
    await clock.advance(1999);
    await delay(20);
    expect(fixture.tokenRequests).toHaveLength(1);
    await clock.advance(1);
    expect((await calls).map(({ data }) => data.url)).toEqual(
      Array.from({ length: 10 }, (_, i) => `/data?i=${i}`),
    );
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('repeats the error for ten requests during Retry-After, then fetches one token, with tokenRetries 0', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock, tokenRetries: 0 });
    fixture.onToken = throttleOnce(fixture, '2');
    for (let i = 0; i < 10; i++) {
      const error = await failureOf(api.get('/data', { params: { i } }));
      expect(error).toMatchObject({
        code: 'ERR_TOKEN_THROTTLED',
        config: { params: { i } },
        cause: { status: 429, retryAfter: 2000 },
      });
      await clock.advance(i === 8 ? 399 : 200); // The tenth request comes 1 ms before the end of the two seconds.
    }
    expect(clock.now() - 1_700_000_000_000).toBe(2199);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('ends the cool-down exactly after Retry-After', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock, tokenRetries: 0 });
    fixture.onToken = throttleOnce(fixture, '2');
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_THROTTLED' });
    await clock.advance(1999);
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_THROTTLED' });
    expect(fixture.tokenRequests).toHaveLength(1);
    await clock.advance(1);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('compares an HTTP date as Retry-After with the injected clock', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock, tokenRetries: 0 });
    fixture.onToken = throttleOnce(fixture, new Date(clock.now() + 90_000).toUTCString());
    await expect(api.get('/data')).rejects.toMatchObject({ cause: { retryAfter: 90_000 } });
  });

  it('does not wait for a Retry-After beyond tokenTimeout', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock, tokenTimeout: 10_000 });
    fixture.onToken = throttleOnce(fixture, '10');
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_THROTTLED' });
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('caps the cool-down at one hour', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock });
    fixture.onToken = throttleOnce(fixture, String(365 * 24 * 3600));
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_THROTTLED' });
    await clock.advance(HOUR - 1);
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_THROTTLED' });
    expect(fixture.tokenRequests).toHaveLength(1);
    await clock.advance(1);
    expect((await api.get('/data')).status).toBe(200);
  });

  it('starts a cool-down after 503 with Retry-After', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api } = fixture.attach({ clock });
    fixture.onToken = (_, response) => sendJson(response, 503, {}, { 'retry-after': '120' });
    for (let i = 0; i < 3; i++) {
      await expect(api.get('/data')).rejects.toMatchObject({ cause: { status: 503, retryAfter: 120_000 } });
    }
    expect(fixture.tokenRequests).toHaveLength(1);
  });
});

describe('when the token endpoint returns an OAuth error', () => {
  it('does not retry invalid_client, and repeats the error for exactly five seconds', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api, events } = fixture.attach({ clock });
    fixture.onToken = (_, response) =>
      sendJson(response, 401, { error: 'invalid_client', error_description: 'who?' });
    const errors = await Promise.all(Array.from({ length: 50 }, () => failureOf(api.get('/data'))));
    expect(fixture.tokenRequests).toHaveLength(1);
    await clock.advance(4999);
    errors.push(await failureOf(api.get('/data')));
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'ERR_TOKEN_ENDPOINT',
        cause: { name: 'TokenEndpointError', error: 'invalid_client', errorDescription: 'who?', status: 401 },
      });
    }
    expect(errors.every(({ response }) => response === undefined)).toBe(true);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'refresh-failed')).toHaveLength(1);
    fixture.onToken = undefined;
    await clock.advance(1);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('ends the cool-down on time when the clock is set back', async () => {
    const fixture = await startFixture();
    const clock = createShiftedClock();
    const { api } = fixture.attach({ clock });
    fixture.onToken = (_, response) => sendJson(response, 401, { error: 'invalid_client' });
    await failureOf(api.get('/data'));
    fixture.onToken = undefined;
    clock.shift(-3_600_000);
    await failureOf(api.get('/data'));
    clock.shift(5_000);
    expect((await api.get('/data')).status).toBe(200);
  });

  it('sends one token request for 500 consecutive requests', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'unauthorized_client' });
    for (let i = 0; i < 500; i++) {
      expect(await failureOf(api.get('/data'))).toMatchObject({ cause: { error: 'unauthorized_client' } });
    }
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});

describe('when the store fails', () => {
  const failures: Record<string, () => Promise<never>> = {
    'throws at once': () => {
      throw new Error('disk on fire');
    },
    rejects: () => Promise.reject(new Error('disk on fire')),
    'rejects with nothing': () => Promise.reject(undefined),
  };
  const operations = [
    { operation: 'get', call: 'get' },
    { operation: 'lock', call: 'withLock' },
    { operation: 'set', call: 'set' },
  ] as const;
  const cases = operations.flatMap(({ operation, call }) =>
    Object.entries(failures).map(([how, fail]) => ({ operation, call, how, fail })),
  );

  it.each(cases)(
    'completes requests and emits store-failed if $call $how',
    async ({ operation, call, fail }) => {
      const store = storeWith({ [call]: fail });
      const unhandled = watchRejections();
      const fixture = await startFixture();
      const { api, events } = fixture.attach({ store });
      expect((await api.get('/data')).status).toBe(200);
      fixture.revokeAll();
      expect((await Promise.all([api.get('/a'), api.get('/b')])).map(({ status }) => status)).toEqual([
        200, 200,
      ]);
      expect(fixture.tokenRequests).toHaveLength(2);
      const failed = { operation, error: { name: 'TokenStoreError', code: 'ERR_TOKEN_STORE' } };
      expect(events.filter(({ type }) => type === 'store-failed')).toMatchObject([failed, failed]);
      await delay(5);
      expect(unhandled).toEqual([]);
    },
  );

  it('continues without the store after two seconds if the store hangs', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const hang = () => new Promise<never>(() => {});
    const { api, events } = fixture.attach({ clock, store: storeWith({ get: hang }) });
    const request = api.get('/data');
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advance(1999);
    await delay(10);
    expect(fixture.tokenRequests).toHaveLength(0);
    await clock.advance(1);
    await expect.poll(() => fixture.issued.length).toBe(1);
    expect((await drive(clock, request)).status).toBe(200);
    expect(events.filter(({ type }) => type === 'store-failed')).toMatchObject([
      { operation: 'get', error: { message: expect.stringContaining('2000 ms') } },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('ignores an error of the store after its deadline', async () => {
    const unhandled = watchRejections();
    const fixture = await startFixture();
    const clock = createManualClock();
    const rejects: ((reason: Error) => void)[] = [];
    const late = () => new Promise<never>((_, reject) => rejects.push(reject));
    const { api } = fixture.attach({ clock, store: storeWith({ set: late, withLock: late }) });
    expect((await drive(clock, api.get('/data'))).status).toBe(200);
    expect(rejects).toHaveLength(1);
    for (const reject of rejects) reject(new Error('too late'));
    await delay(5);
    expect(unhandled).toEqual([]);
  });

  const future = Date.now() + HOUR;
  const good = { accessToken: 'from-store', refreshAt: future, expiresAt: future };
  it.each<[string, unknown]>([
    ['nothing', null],
    ['text', 'a token, honestly'],
    ['a number', 42],
    ['an array', [1, 2]],
    ['an empty object', {}],
    ['a token without times', { accessToken: 'from-store' }],
    ['times that are text', { accessToken: 'from-store', refreshAt: `${future}`, expiresAt: `${future}` }],
    ['times that are NaN', { accessToken: 'from-store', refreshAt: Number.NaN, expiresAt: Number.NaN }],
    ['a token of null', { accessToken: null, refreshAt: future, expiresAt: future }],
    ['a token with a line break', { accessToken: 'a\r\nX: y', refreshAt: future, expiresAt: future }],
    ['an API that is not https', { ...good, apiBaseUrl: 'http://api.example' }],
    ['a scope that is not a string', { ...good, scope: ['a'] }],
    ['a token that never expires', { ...good, expiresAt: 1e300 }],
    ['an expired token', { accessToken: 'from-store', refreshAt: 1, expiresAt: 2 }],
  ])('ignores %s from the store and fetches a token', async (_, garbage) => {
    const fixture = await startFixture();
    const stored = { token: garbage as TokenSet, fence: 1 };
    const { api } = fixture.attach({ store: storeWith({ get: async () => stored }) });
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(fixture.apiRequests[0]?.headers.authorization).toBe(`Bearer ${fixture.issued[0]}`);
  });

  it('ignores a refresh token of the store that is not a string', async () => {
    const fixture = await startFixture();
    const garbage = { accessToken: 'old', refreshToken: { evil: true }, refreshAt: 1, expiresAt: 2 };
    const { api } = fixture.attach({
      vendor: oauth2Vendor({
        tokenEndpoint: `${fixture.url}/oauth/token`,
        clientId: 'client',
        refreshToken: 'the-first-one',
        tokenKey: 'custom',
      }),
      store: storeWith({ get: async () => ({ token: garbage as unknown as TokenSet, fence: 1 }) }),
    });
    expect((await api.get('/data')).status).toBe(200);
    expect(new URLSearchParams(fixture.tokenRequests[0]?.body.toString()).get('refresh_token')).toBe(
      'the-first-one',
    );
  });

  it('shares a token between two managers through a working store', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const one = fixture.attach({ store });
    await one.api.get('/first');
    const two = fixture.attach({ store });
    await two.api.get('/second');
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(two.events).toMatchObject([
      { type: 'refresh-started' },
      { type: 'refresh-succeeded', fromStore: true },
    ]);
  });
});

describe('when a background refresh fails', () => {
  it('completes requests with the old token until it expires, without an unhandled rejection', async () => {
    const unhandled = watchRejections();
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api, events } = fixture.attach({ clock, random: () => 0, tokenRetries: 0 });
    await api.get('/first');
    fixture.onToken = (_, response) => sendJson(response, 500, {});
    await clock.advance(3300_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.get('/data')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const failures = () => events.filter(({ type }) => type === 'refresh-failed');
    await expect.poll(failures).toMatchObject([{ reason: 'stale', background: true }]);
    expect(fixture.tokenRequests).toHaveLength(2);

    // The next attempt comes five seconds later.
    await clock.advance(4999);
    await api.get('/data');
    await delay(10);
    expect(fixture.tokenRequests).toHaveLength(2);
    await clock.advance(1);
    await api.get('/data');
    await expect.poll(() => failures().length).toBe(2);
    expect(fixture.tokenRequests).toHaveLength(3);

    // The old token is used until its last millisecond, then a request waits for a new token.
    await clock.advance(300_000 - 5000 - 1);
    expect((await api.get('/data')).status).toBe(200);
    await expect.poll(() => failures().length).toBe(3);
    expect(new Set(fixture.apiRequests.map(({ headers }) => headers.authorization)).size).toBe(1);
    fixture.onToken = undefined;
    await clock.advance(1);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe(`Bearer ${fixture.issued[1]}`);
    await delay(10);
    expect(unhandled).toEqual([]);
  });

  it('completes requests with the old token after an OAuth error', async () => {
    const unhandled = watchRejections();
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api, events } = fixture.attach({ clock, random: () => 0 });
    await api.get('/first');
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_client' });
    await clock.advance(3300_000);
    for (let i = 0; i < 10; i++) expect((await api.get('/data')).status).toBe(200);
    await expect.poll(() => events.at(-1)).toMatchObject({ type: 'refresh-failed', background: true });
    for (let i = 0; i < 10; i++) expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(unhandled).toEqual([]);
  });

  it('causes no unhandled rejection if the clock is set back and an earlier failure is repeated', async () => {
    const rejections = watchRejections();
    const minute = 60_000;
    const start = 1_700_000_000_000;
    let time = start;
    let grant: Grant = async () => ({ accessToken: 'a', lifetime: HOUR });
    const tokens = createTokenManager({
      vendor: { name: 'test', resourceOrigins: [], grant: (context) => grant(context) },
      clock: { ...systemClock, now: () => time },
      random: () => 0,
    });
    await tokens.getToken();

    time = start + 56 * minute;
    grant = async () => {
      throw new TokenRequestError('throttled', { code: 'ERR_TOKEN_THROTTLED', retryAfter: 20 * minute });
    };
    tokens.getToken();
    await settle();
    time = start + 90 * minute;
    grant = async () => {
      time = start + 57 * minute;
      throw new Error('broken');
    };
    await failureOf(Promise.resolve(tokens.getToken()));

    time = start + 58 * minute;
    expect(await tokens.getToken()).toMatchObject({ accessToken: 'a' });
    await settle();
    expect(rejections).toEqual([]);
  });

  it('causes no unhandled rejection if every caller was aborted', async () => {
    const unhandled = watchRejections();
    const fixture = await startFixture();
    fixture.tokenDelay = 150;
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_client' });
    const { api, events } = fixture.attach();
    const controller = new AbortController();
    const request = failureOf(api.get('/data', { signal: controller.signal }));
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    controller.abort();
    expect(await request).toMatchObject({ code: 'ERR_CANCELED' });
    await expect.poll(() => events.at(-1)?.type).toBe('refresh-failed');
    await delay(5);
    expect(unhandled).toEqual([]);
  });
});

const broken = {
  throws: () => {
    throw new Error('broken on purpose');
  },
  rejects: () => Promise.reject(new Error('broken on purpose')),
};

describe.each(Object.entries(broken))('when a callback %s', (_, fail) => {
  it('onEvent: emits a process warning and has no other effect', async () => {
    const unhandled = watchRejections();
    const warnings = watchWarnings();
    const fixture = await startFixture();
    const { api } = fixture.attach({ onEvent: fail as () => void });
    expect((await api.get('/data')).status).toBe(200);
    fixture.revokeAll();
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
    await expect.poll(() => warnings.length).toBe(5); // Two refreshes with start and end, and a replay.
    expect(new Set(warnings)).toEqual(new Set(['an onEvent listener failed: broken on purpose']));
    expect(unhandled).toEqual([]);
  });

  it('shouldRefresh: rejects with the 401 and the cause, without a token fetch', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ shouldRefresh: fail as () => boolean });
    await api.get('/first');
    fixture.revokeAll();
    const error = await failureOf(api.get('/data'));
    expect(isAuthRefreshError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'ERR_CALLBACK',
      message: 'shouldRefresh failed: broken on purpose',
      status: 401,
      response: { status: 401 },
      config: { url: '/data' },
      cause: { message: 'broken on purpose' },
    });
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('clientSecret: rejects at once, sends nothing and repeats the error for five seconds', async () => {
    const fixture = await startFixture();
    const clock = createShiftedClock();
    let isBroken = true;
    const { api } = fixture.attach({
      clock,
      vendor: oauth2Vendor({
        tokenEndpoint: `${fixture.url}/oauth/token`,
        clientId: 'client',
        clientSecret: () => (isBroken ? (fail() as Promise<string>) : 'open'),
      }),
    });
    expect(await failureOf(api.get('/data'))).toMatchObject({
      name: 'AuthRefreshError',
      code: 'ERR_CALLBACK',
      cause: {
        name: 'TokenRequestError',
        code: 'ERR_CALLBACK',
        message: 'the clientSecret function failed: broken on purpose',
      },
    });
    expect(fixture.tokenRequests).toHaveLength(0);
    expect(fixture.apiRequests).toHaveLength(0);
    isBroken = false;
    clock.shift(4900);
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_CALLBACK' });
    clock.shift(100);
    expect((await api.get('/data')).status).toBe(200);
  });

  it('grant: rejects with ERR_CALLBACK and sends nothing to the API', async () => {
    const fixture = await startFixture();
    const vendor = { ...fixture.vendor(), grant: fail as unknown as Grant };
    const { api } = fixture.attach({ vendor });
    expect(await failureOf(api.get('/data'))).toMatchObject({
      name: 'AuthRefreshError',
      code: 'ERR_CALLBACK',
      cause: { name: 'TokenRequestError', message: "the vendor's grant failed: broken on purpose" },
    });
    expect(fixture.apiRequests).toHaveLength(0);
  });

  it('body factory: rejects without sending the request', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const error = await failureOf(api.post('/data', undefined, { authRefresh: { body: fail } }));
    expect(error).toMatchObject({
      name: 'AuthRefreshError',
      code: 'ERR_CALLBACK',
      message: 'authRefresh.body failed: broken on purpose',
      cause: { message: 'broken on purpose' },
    });
    expect(error.response).toBeUndefined();
    expect(fixture.apiRequests).toHaveLength(0);
  });

  it('body factory at the replay: rejects without sending the replay', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    let calls = 0;
    const body = () => (calls++ === 0 ? 'first' : fail());
    const error = await failureOf(api.post('/data', undefined, { authRefresh: { body } }));
    expect(error).toMatchObject({ code: 'ERR_CALLBACK' });
    expect(fixture.apiRequests).toHaveLength(2);
  });
});

describe('when a callback returns an invalid value', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { secret: 'x' }],
  ])('clientSecret returns %s: rejects with ERR_CALLBACK and sends nothing', async (_, value) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({
      vendor: oauth2Vendor({
        tokenEndpoint: `${fixture.url}/oauth/token`,
        clientId: 'client',
        clientSecret: () => value as string,
      }),
    });
    expect(await failureOf(api.get('/data'))).toMatchObject({
      code: 'ERR_CALLBACK',
      cause: { message: 'the clientSecret function must return a non-empty string' },
    });
    expect(fixture.tokenRequests).toHaveLength(0);
  });

  it('clientSecret: is called for every token fetch, so that the secret can rotate', async () => {
    const fixture = await startFixture();
    let n = 0;
    const { api } = fixture.attach({
      vendor: oauth2Vendor({
        tokenEndpoint: `${fixture.url}/oauth/token`,
        clientId: 'client',
        clientSecret: async () => `secret-${++n}`,
      }),
    });
    await api.get('/first');
    fixture.revokeAll();
    await api.get('/second');
    expect(fixture.tokenRequests.map(({ headers }) => atob(String(headers.authorization).slice(6)))).toEqual([
      'client:secret-1',
      'client:secret-2',
    ]);
  });

  const soon = Date.now() + HOUR;
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a bare access token', 'token-as-text'],
    ['no accessToken', { lifetime: 1000 }],
    ['an accessToken of null', { accessToken: null }],
    ['an accessToken with a line break', { accessToken: 'a\nb' }],
    ['times without accessToken', { expiresAt: soon, refreshAt: soon }],
    ['an accessToken of undefined and times', { accessToken: undefined, expiresAt: soon }],
  ])('grant returns %s: rejects with ERR_TOKEN_RESPONSE and sends nothing to the API', async (_, value) => {
    const fixture = await startFixture();
    const vendor = { ...fixture.vendor(), grant: async () => value as never };
    const { api } = fixture.attach({ vendor });
    const error = await failureOf(api.get('/data'));
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([]);
    expect(error).toMatchObject({
      code: 'ERR_TOKEN_RESPONSE',
      cause: { name: 'TokenResponseError', message: expect.stringContaining('no valid accessToken') },
    });
  });

  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['null', null],
    ['zero', 0],
    ['negative', -5],
    ['text', 'an hour'],
  ])('grant returns the lifetime %s: uses the token for several requests', async (_, lifetime) => {
    const fixture = await startFixture();
    fixture.valid.add('custom-token');
    let fetches = 0;
    const grant: Grant = async () => {
      fetches++;
      return { accessToken: 'custom-token', lifetime: lifetime as number };
    };
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), grant } });
    for (let i = 0; i < 5; i++) expect((await api.get('/data')).status).toBe(200);
    expect(fetches).toBe(1);
  });

  it('grant throws a value without a string form: rejects every waiting request with ERR_CALLBACK', async () => {
    const unhandled = watchRejections();
    const fixture = await startFixture();
    const vendor = { ...fixture.vendor(), grant: () => Promise.reject(Object.create(null)) };
    const { api, events } = fixture.attach({ vendor });
    for (const error of await Promise.all([failureOf(api.get('/a')), failureOf(api.get('/b'))])) {
      expect(error).toMatchObject({ name: 'AuthRefreshError', code: 'ERR_CALLBACK' });
    }
    expect(events.map(({ type }) => type)).toContain('refresh-failed');
    await delay(5);
    expect(unhandled).toEqual([]);
  });

  it('onEvent throws a value without a string form: causes no unhandled rejection', async () => {
    const unhandled = watchRejections();
    const fixture = await startFixture();
    const { api } = fixture.attach({
      onEvent: () => {
        throw Object.create(null);
      },
    });
    expect((await api.get('/data')).status).toBe(200);
    await delay(5);
    expect(unhandled).toEqual([]);
  });
});

describe('a grant of your own', () => {
  const attachOwn = async (respond: NonNullable<Fixture['onToken']>, more = {}) => {
    const fixture = await startFixture();
    fixture.onToken = respond;
    const grant: Grant = async ({ request }) => {
      const { data } = await request({ method: 'post', url: `${fixture.url}/oauth/token`, data: 'a=b' });
      return { accessToken: data.access_token };
    };
    return { fixture, ...fixture.attach({ vendor: { ...fixture.vendor(), grant }, ...more }) };
  };

  it.each<[string, number, Record<string, string>, object]>([
    ['400', 400, {}, { code: 'ERR_TOKEN_ENDPOINT', cause: { name: 'TokenEndpointError', status: 400 } }],
    ['401', 401, {}, { code: 'ERR_TOKEN_ENDPOINT', cause: { status: 401 } }],
    ['403', 403, {}, { code: 'ERR_TOKEN_ENDPOINT', cause: { status: 403 } }],
    ['429', 429, { 'retry-after': '7' }, { code: 'ERR_TOKEN_THROTTLED', cause: { retryAfter: 7000 } }],
    ['408', 408, {}, { code: 'ERR_TOKEN_REQUEST', cause: { status: 408 } }],
    ['500', 500, {}, { code: 'ERR_TOKEN_REQUEST', cause: { name: 'TokenRequestError', status: 500 } }],
    ['200 without a token', 200, {}, { code: 'ERR_TOKEN_RESPONSE' }],
  ])(
    'whose request is answered with %s is not repeated for each request',
    async (_, status, headers, error) => {
      const clock = createManualClock();
      const { fixture, api } = await attachOwn(
        (_request, response) => sendJson(response, status, {}, headers),
        {
          clock,
        },
      );
      for (let i = 0; i < 20; i++) expect(await failureOf(api.get('/data'))).toMatchObject(error);
      expect(fixture.tokenRequests).toHaveLength(1);
      fixture.onToken = (_request, response) => fixture.issue(response);
      await clock.advance(headers['retry-after'] ? 7000 : 5000);
      expect((await api.get('/data')).status).toBe(200);
    },
  );

  it('whose request finds no server fails with ERR_TOKEN_REQUEST', async () => {
    const { api } = await attachOwn((_, response) => void response.destroy());
    expect(await failureOf(api.get('/data'))).toMatchObject({ code: 'ERR_TOKEN_REQUEST' });
  });

  it('that throws anything is not repeated for each request', async () => {
    const fixture = await startFixture();
    let calls = 0;
    const grant: Grant = async () => {
      calls++;
      throw new Error('login refused');
    };
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), grant } });
    for (let i = 0; i < 20; i++) {
      expect(await failureOf(api.get('/data'))).toMatchObject({ code: 'ERR_CALLBACK' });
    }
    expect(calls).toBe(1);
  });

  it('that posts through the attached instance fails at once with a message that names the instance', async () => {
    const fixture = await startFixture();
    const grant: Grant = async () => {
      const { data } = await api.post('/oauth/token');
      return { accessToken: data.access_token };
    };
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), grant } });
    expect(await failureOf(api.get('/data'))).toMatchObject({
      code: 'ERR_CALLBACK',
      message: expect.stringContaining('must not use the attached instance'),
    });
    expect(fixture.tokenRequests).toHaveLength(0);
  });

  it('that posts through the attached instance later fails at the timeout with the same message', async () => {
    const fixture = await startFixture();
    const grant: Grant = async () => {
      await delay(1);
      const { data } = await api.post('/oauth/token');
      return { accessToken: data.access_token };
    };
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), grant }, tokenTimeout: 200 });
    expect(await failureOf(api.get('/data'))).toMatchObject({
      code: 'ERR_TOKEN_TIMEOUT',
      message: expect.stringContaining('must not use the attached instance'),
    });
  });
});

describe('JSON', () => {
  it('of an event says why the refresh failed', async () => {
    const fixture = await startFixture();
    const lines: string[] = [];
    const { api } = fixture.attach({
      tokenRetries: 0,
      onEvent: (event) => lines.push(JSON.stringify(event)),
    });
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_scope' });
    await failureOf(api.get('/data'));
    const { error } = JSON.parse(lines.at(-1) ?? '');
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'ERR_TOKEN_ENDPOINT', status: 400 });
    expect(error.message).toContain('answered 400, invalid_scope');
  });

  it.each<[string, Error, object]>([
    ['ConfigurationError', new ConfigurationError('x', ['y']), { problems: ['y'], message: 'x: y.' }],
    [
      'BatchError',
      new BatchError('no', 'ERR_JOB', { cause: 'z' }),
      { code: 'ERR_JOB', message: 'no', resumable: true, permanent: false },
    ],
  ])('of a %s has its message', (name, error, fields) => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({ name, ...fields });
  });
});
