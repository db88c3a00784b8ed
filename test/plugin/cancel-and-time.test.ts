import { spawn } from 'node:child_process';
import { getEventListeners, setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import axios, { type CancelToken } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { toTokenSet } from '../../src/core/token-set.ts';
import { delay, type Fixture, startFixture } from '../support/fixture.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';
import { sendJson } from '../support/server.ts';

const HOUR = 3_600_000;

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('the request succeeded'),
    (error) => error,
  );

/** Holds token responses back until `release` is called, and counts connections that close before. */
function holdTokens(fixture: Fixture) {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const state = { release, closed: 0 };
  fixture.onToken = async (_, response) => {
    response.once('close', () => {
      if (!response.writableFinished) state.closed++;
    });
    await released;
    if (!response.destroyed) fixture.issue(response);
  };
  return state;
}

const listenersOf = (token: CancelToken) =>
  (token as unknown as { _listeners?: unknown[] | null })._listeners ?? [];

describe('when a request that waits for a token is aborted', () => {
  it('rejects with ERR_CANCELED before the token request ends, while other requests get the token', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const { api } = fixture.attach();
    const others = [api.get('/a'), api.get('/b')];
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const aborted = failureOf(api.get('/aborted', { signal: controller.signal }));
      await settle();
      controller.abort();
      const error = await aborted;
      expect(axios.isCancel(error)).toBe(true);
      expect(error).toMatchObject({
        name: 'CanceledError',
        code: 'ERR_CANCELED',
        config: { url: '/aborted' },
      });
    }
    held.release();
    expect((await Promise.all(others)).map(({ data }) => data.url)).toEqual(['/a', '/b']);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(fixture.apiRequests.map(({ url }) => url)).not.toContain('/aborted');
  });

  it('rejects with ERR_CANCELED after a 401 and does not replay the request', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    const held = holdTokens(fixture);
    const controller = new AbortController();
    const aborted = failureOf(api.get('/aborted', { signal: controller.signal }));
    const other = api.get('/other');
    await expect.poll(() => fixture.apiRequests.length).toBe(3);
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ERR_CANCELED' });
    held.release();
    expect((await other).status).toBe(200);
    expect(fixture.apiRequests.filter(({ url }) => url === '/aborted')).toHaveLength(1);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('fetches no token for a signal that is already aborted', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    expect(await failureOf(api.get('/data', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ERR_CANCELED',
    });
    expect(fixture.tokenRequests).toHaveLength(0);
  });

  it('rejects with ERR_CANCELED if the signal aborts while the API handles the request', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ shouldRefresh: () => true });
    await api.get('/first');
    fixture.revokeAll();
    const controller = new AbortController();
    fixture.beforeApi = () => {
      controller.abort();
      return false;
    };
    expect(await failureOf(api.get('/data', { signal: controller.signal }))).toMatchObject({
      code: 'ERR_CANCELED',
    });
  });

  it('rejects with ERR_CANCELED and the message of a cancelToken', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const { api } = fixture.attach();
    const source = axios.CancelToken.source();
    const canceled = failureOf(api.get('/canceled', { cancelToken: source.token }));
    const other = api.get('/other');
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    source.cancel('the user left');
    const error = await canceled;
    expect(axios.isCancel(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'ERR_CANCELED',
      message: 'the user left',
      config: { url: '/canceled' },
    });
    held.release();
    expect((await other).status).toBe(200);
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it('continues the refresh for other requests if the request that started it is aborted', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const { api } = fixture.attach();
    const controller = new AbortController();
    const first = failureOf(api.get('/first', { signal: controller.signal }));
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    const others = Array.from({ length: 10 }, () => api.get('/data'));
    controller.abort();
    expect(await first).toMatchObject({ code: 'ERR_CANCELED' });
    held.release();
    await Promise.all(others);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(held.closed).toBe(0);
  });

  it('uses the fetched token for the next request if every caller was aborted', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const { api, tokens } = fixture.attach();
    const controller = new AbortController();
    const all = ['/a', '/b'].map((url) => failureOf(api.get(url, { signal: controller.signal })));
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    controller.abort();
    await Promise.all(all);
    held.release();
    await expect.poll(() => tokens.current).toBeDefined();
    await api.get('/next');
    expect(fixture.tokenRequests).toHaveLength(1);
  });
});

describe('listeners and timers', () => {
  it.each(['http', 'fetch'])('are removed after 1,000 requests with one signal (%s)', async (adapter) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    for (let round = 0; round < 10; round++) {
      if (round % 3 === 0) fixture.revokeAll();
      await Promise.all(Array.from({ length: 100 }, () => api.get('/data', { signal, timeout: 60_000 })));
    }
    await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(0);
    expect(fixture.tokenRequests).toHaveLength(4);
  });

  it('are removed after requests that get no token', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_client' });
    const clock = createManualClock();
    const { api } = fixture.attach({ clock });
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const source = axios.CancelToken.source();
    await Promise.all(
      Array.from({ length: 100 }, () =>
        failureOf(api.get('/data', { signal, cancelToken: source.token, timeout: 60_000 })),
      ),
    );
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(listenersOf(source.token)).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });

  it('are removed after 1,000 requests with one cancelToken', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const source = axios.CancelToken.source();
    for (let round = 0; round < 10; round++) {
      if (round % 3 === 0) fixture.revokeAll();
      await Promise.all(Array.from({ length: 100 }, () => api.get('/data', { cancelToken: source.token })));
    }
    expect(listenersOf(source.token)).toHaveLength(0);
  });

  it('are cleared only if the clock has set them', async () => {
    const fixture = await startFixture();
    const set = new Set<unknown>();
    const cleared = new Set<unknown>();
    const { api } = fixture.attach({
      clock: {
        now: systemClock.now,
        setTimeout(callback, wait) {
          const timer = systemClock.setTimeout(callback, wait);
          set.add(timer);
          return timer;
        },
        clearTimeout(timer) {
          cleared.add(timer);
          systemClock.clearTimeout(timer);
        },
      },
    });
    await api.get('/data');
    expect(cleared.size).toBeGreaterThan(0);
    expect([...cleared].filter((timer) => !set.has(timer))).toEqual([]);
  });

  it('are removed after requests that are aborted or time out while they wait', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const clock = createManualClock();
    const { api } = fixture.attach({ clock });
    const long = new AbortController();
    const short = new AbortController();
    setMaxListeners(0, long.signal, short.signal);
    const requests = Array.from({ length: 50 }, (_, i) =>
      api
        .get('/data', { timeout: 1000 + (i % 2), signal: i % 5 === 0 ? short.signal : long.signal })
        .catch(({ code }) => code),
    );
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    short.abort();
    await clock.advance(1001);
    const codes = await Promise.all(requests);
    expect(codes.filter((code) => code === 'ERR_CANCELED')).toHaveLength(10);
    expect(codes.filter((code) => code === 'ECONNABORTED')).toHaveLength(40);
    expect(getEventListeners(long.signal, 'abort')).toHaveLength(0);
    expect(getEventListeners(short.signal, 'abort')).toHaveLength(0);
    expect(clock.pending).toBe(1); // The deadline of the running fetch.
    held.release();
    await expect.poll(() => clock.pending).toBe(0);
  });
});

describe('when a request times out while it waits for a token', () => {
  it('rejects with ECONNABORTED, is not retried, and the fetch continues', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const { api, events } = fixture.attach();
    const patient = api.get('/patient');
    const error = await failureOf(api.get('/hasty', { timeout: 50 }));
    expect(error).toMatchObject({
      name: 'AxiosError',
      code: 'ECONNABORTED',
      message: 'timeout of 50ms exceeded while waiting for a token',
      config: { url: '/hasty' },
    });
    expect(axios.isCancel(error)).toBe(false);
    held.release();
    expect((await patient).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'retry')).toEqual([]);
  });

  it('rejects with ETIMEDOUT with clarifyTimeoutError, and is not retried', async () => {
    const fixture = await startFixture();
    holdTokens(fixture);
    const { api, events } = fixture.attach();
    const error = await failureOf(
      api.get('/hasty', {
        timeout: 50,
        timeoutErrorMessage: 'too slow',
        transitional: { clarifyTimeoutError: true },
      }),
    );
    expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'too slow' });
    expect(events.filter(({ type }) => type === 'retry')).toEqual([]);
  });
});

describe('tokenTimeout', () => {
  it.each([2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    'may be longer than the longest timer (%d)',
    async (tokenTimeout) => {
      const fixture = await startFixture();
      fixture.tokenDelay = 30;
      const { api } = fixture.attach({ tokenTimeout });
      expect((await api.get('/data')).status).toBe(200);
    },
  );

  it('rejects every waiting request and aborts the token request; the next request fetches again', async () => {
    const fixture = await startFixture();
    const held = holdTokens(fixture);
    const clock = createManualClock();
    const { api, events } = fixture.attach({ clock, tokenTimeout: 120 });
    const failures = Array.from({ length: 20 }, () => failureOf(api.get('/data')));
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    await clock.advance(119);
    expect(events.filter(({ type }) => type === 'refresh-failed')).toEqual([]);
    await clock.advance(1);
    const errors = await Promise.all(failures);
    for (const error of errors) {
      expect(axios.isAxiosError(error)).toBe(true);
      expect(axios.isCancel(error)).toBe(false);
      expect(error).toMatchObject({
        name: 'AuthRefreshError',
        code: 'ERR_TOKEN_TIMEOUT',
        cause: { name: 'TokenRequestError', code: 'ERR_TOKEN_TIMEOUT' },
      });
    }
    expect(errors[0].message).toContain('120 ms');
    await expect.poll(() => held.closed).toBe(1);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'refresh-failed')).toHaveLength(1);
    fixture.onToken = undefined;
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('aborts a token response that arrives too slowly', async () => {
    const fixture = await startFixture();
    let closed = false;
    fixture.onToken = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 10);
      response.once('close', () => {
        closed = true;
        clearInterval(drip);
      });
    };
    const { api } = fixture.attach({ tokenTimeout: 100 });
    expect(await failureOf(api.get('/data'))).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' });
    await expect.poll(() => closed).toBe(true);
  });

  it('includes the retries', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => sendJson(response, 500, {});
    const { api } = fixture.attach({ tokenTimeout: 100, tokenRetries: 1000, tokenRetryDelay: 20 });
    const error = await failureOf(api.get('/data'));
    expect(error.code).toMatch(/^ERR_TOKEN_(TIMEOUT|REQUEST)$/);
    const sent = fixture.tokenRequests.length;
    expect(sent).toBeLessThan(1000);
    await delay(100);
    expect(fixture.tokenRequests).toHaveLength(sent);
  });

  it('ends a grant that hangs', async () => {
    const fixture = await startFixture();
    const vendor = { ...fixture.vendor(), grant: () => new Promise<never>(() => {}) };
    const { api } = fixture.attach({ vendor, tokenTimeout: 60 });
    expect(await failureOf(api.get('/data'))).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' });
  });

  it('discards a token that arrives later', async () => {
    const fixture = await startFixture();
    let arrive: ((token: { accessToken: string }) => void) | undefined;
    const grant = () =>
      new Promise<{ accessToken: string }>((resolve) => {
        arrive = resolve;
      });
    const { api, tokens } = fixture.attach({ vendor: { ...fixture.vendor(), grant }, tokenTimeout: 40 });
    await failureOf(api.get('/data'));
    arrive?.({ accessToken: 'late' });
    await delay(5);
    expect(tokens.current).toBeUndefined();
  });
});

describe('token times', () => {
  async function withToken(lifetime: number, random = 0) {
    const fixture = await startFixture();
    fixture.lifetime = lifetime / 1000;
    const clock = createManualClock();
    const { api, tokens, events } = fixture.attach({ clock, random: () => random });
    const start = clock.now();
    await api.get('/first');
    return {
      fixture,
      clock,
      api,
      tokens,
      events,
      start,
      at: (time: number) => clock.advance(start + time - clock.now()),
    };
  }

  it.each([
    { lifetime: HOUR, random: 0, refreshAt: HOUR - 300_000 },
    { lifetime: HOUR, random: 1, refreshAt: HOUR - 330_000 },
    { lifetime: 86_400_000, random: 0.5, refreshAt: 86_400_000 - 315_000 },
    { lifetime: 60_000, random: 0, refreshAt: 48_000 },
    { lifetime: 60_000, random: 1, refreshAt: 48_000 },
    { lifetime: 1000, random: 0.5, refreshAt: 800 },
  ])(
    'lifetime $lifetime ms, random $random: starts a background refresh exactly at refreshAt',
    async ({ lifetime, random, refreshAt }) => {
      const { fixture, api, tokens, start, at } = await withToken(lifetime, random);
      expect(tokens.current).toMatchObject({ refreshAt: start + refreshAt, expiresAt: start + lifetime });
      await at(refreshAt - 1);
      await api.get('/before');
      await delay(5);
      expect(fixture.tokenRequests).toHaveLength(1);
      await at(refreshAt);
      await api.get('/at');
      await expect.poll(() => fixture.tokenRequests.length).toBe(2);
      // The request did not wait for the refresh.
      const [, before, atRefresh] = fixture.apiRequests.map(({ headers }) => headers.authorization);
      expect([before, atRefresh]).toEqual([`Bearer ${fixture.issued[0]}`, `Bearer ${fixture.issued[0]}`]);
      await expect.poll(() => tokens.current?.expiresAt).toBe(start + refreshAt + lifetime);
      await at(refreshAt + 1);
      await api.get('/after');
      expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe(`Bearer ${fixture.issued[1]}`);
      expect(fixture.tokenRequests).toHaveLength(2);
    },
  );

  it('uses the old token until 1 ms before expiresAt, even if its refresh hangs', async () => {
    const { fixture, api, at } = await withToken(HOUR);
    fixture.onToken = () => {};
    await at(HOUR - 1);
    expect((await api.get('/before')).status).toBe(200);
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe(`Bearer ${fixture.issued[0]}`);
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
  });

  it.each([0, 1])('lets a request wait for a new token %i ms after expiresAt', async (late) => {
    const { fixture, api, tokens, events, at } = await withToken(HOUR);
    const held = holdTokens(fixture);
    await at(HOUR + late);
    expect(tokens.current).toBeUndefined();
    const request = api.get('/waits');
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    await delay(10);
    expect(fixture.apiRequests).toHaveLength(1);
    held.release();
    expect((await request).status).toBe(200);
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe(`Bearer ${fixture.issued[1]}`);
    expect(events.filter(({ type }) => type === 'refresh-started').at(-1)).toMatchObject({
      reason: 'expired',
      background: false,
    });
  });

  it('lets a request at expiresAt join the running background refresh', async () => {
    const { fixture, api, at } = await withToken(60_000);
    const held = holdTokens(fixture);
    await at(59_999);
    await api.get('/stale');
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    await at(60_000);
    const request = api.get('/expired');
    await delay(5);
    held.release();
    expect((await request).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('refreshes a token of 60 s every 48 s with one request per second', async () => {
    const { fixture, api, tokens, at } = await withToken(60_000);
    for (let second = 1; second < 120; second++) {
      await at(second * 1000);
      const before = tokens.current;
      await api.get('/data');
      if (before && second % 48 === 0) await expect.poll(() => tokens.current).not.toBe(before);
    }
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it('counts expiresAt from the start of the token request', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const start = clock.now();
    const held = holdTokens(fixture);
    const { api, tokens } = fixture.attach({ clock });
    const request = api.get('/data');
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    await clock.advance(7000);
    held.release();
    await request;
    expect(tokens.current?.expiresAt).toBe(start + HOUR);
  });

  it('puts refreshAt at 80 % of the lifetime for a long refreshBuffer, and at expiresAt for a refreshBuffer of 0', () => {
    const timing = { defaultLifetime: HOUR, random: () => 1 };
    const token = { accessToken: 'a', lifetime: 1000 };
    expect(toTokenSet(token, 0, { ...timing, refreshBuffer: 1e9 }).refreshAt).toBe(800);
    expect(toTokenSet(token, 0, { ...timing, refreshBuffer: 0 }).refreshAt).toBe(1000);
  });
});

describe('a script process', () => {
  const script = fileURLToPath(new URL('../support/exit-script.ts', import.meta.url));

  /** Runs the script until it exits. The test hangs if a timer or a socket keeps the script alive. */
  async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  }

  it('exits at once after one request', async () => {
    const fixture = await startFixture();
    const { code, output } = await run(fixture.url);
    expect(output).toBe('done 200\n');
    expect(code).toBe(0);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('exits at once after a replay', async () => {
    const fixture = await startFixture();
    fixture.beforeApi = (_, response) => {
      if (fixture.apiRequests.length > 1) return false;
      sendJson(response, 401, {});
      return true;
    };
    const { code } = await run(fixture.url);
    expect(code).toBe(0);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('exits with the end of a background refresh', async () => {
    const fixture = await startFixture();
    fixture.onToken = async (_, response) => {
      if (fixture.tokenRequests.length > 1) await delay(200);
      fixture.issue(response);
    };
    const { code } = await run(fixture.url, '3300000');
    expect(code).toBe(0);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('exits without the retries of a background refresh that receives a 500', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => {
      if (fixture.tokenRequests.length === 1) fixture.issue(response);
      else sendJson(response, 500, {});
    };
    const { code } = await run(fixture.url, '3300000');
    expect(fixture.tokenRequests.length).toBeGreaterThan(1);
    expect(code).toBe(0);
  });

  it('exits at tokenTimeout if a background refresh gets no response', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => {
      if (fixture.tokenRequests.length === 1) fixture.issue(response);
    };
    const { code } = await run(fixture.url, '3300000');
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(code).toBe(0);
  });
});
