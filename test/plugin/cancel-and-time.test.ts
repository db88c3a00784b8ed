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

/** Lets a test hold the token endpoint's answers back, and see connections close. */
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

describe('a request that is aborted while it waits for a token', () => {
  it('scenario 19: rejects with ERR_CANCELED before the token request ends; the others get the token', async () => {
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

  it('scenario 19: after a 401 too, and it is not replayed', async () => {
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

  it('scenario 19: a signal that is aborted beforehand costs nothing', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    expect(await failureOf(api.get('/data', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ERR_CANCELED',
    });
    expect(fixture.tokenRequests).toHaveLength(0);
  });

  it('scenario 19: a signal that an interceptor aborts just before the wire', async () => {
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

  it('scenario 19: a cancelToken does the same, with its message', async () => {
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

  it('scenario 20: the request that began the refresh is aborted: the others get its token', async () => {
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

  it('scenario 20: when every caller is aborted, the token still arrives and serves the next', async () => {
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

describe('what is left behind', () => {
  it.each(['http', 'fetch'])(
    'scenario 21: 1,000 requests on one signal leave no listener (%s)',
    async (adapter) => {
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
    },
  );

  it('scenario 21: requests that fail for want of a token leave none either', async () => {
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

  it('scenario 21: 1,000 requests on one cancelToken leave no listener', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const source = axios.CancelToken.source();
    for (let round = 0; round < 10; round++) {
      if (round % 3 === 0) fixture.revokeAll();
      await Promise.all(Array.from({ length: 100 }, () => api.get('/data', { cancelToken: source.token })));
    }
    expect(listenersOf(source.token)).toHaveLength(0);
  });

  it('scenario 21: a clock is told to clear only timers that it has set', async () => {
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

  it('scenario 21: requests that are aborted or time out while they wait leave no listener and no timer', async () => {
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
    expect(clock.pending).toBe(1); // The deadline of the fetch that goes on.
    held.release();
    await expect.poll(() => clock.pending).toBe(0);
  });
});

describe("a caller's timeout while it waits for a token", () => {
  it('scenario 22: rejects as axios itself does, is not retried, and leaves the fetch alone', async () => {
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

  it('scenario 22: with clarifyTimeoutError it is ETIMEDOUT, and is not retried either', async () => {
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

  it.each([2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    'scenario 22: a tokenTimeout of %d does not end the fetch at once',
    async (tokenTimeout) => {
      const fixture = await startFixture();
      fixture.tokenDelay = 30;
      const { api } = fixture.attach({ tokenTimeout });
      expect((await api.get('/data')).status).toBe(200);
    },
  );
});

describe('a token endpoint that never answers', () => {
  it('scenario 22: all reject at the timeout, the POST is aborted, the next request starts afresh', async () => {
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

  it('scenario 22: answers of a token that trickle in are cut off at the timeout too', async () => {
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

  it('scenario 22: retries share the one timeout', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => sendJson(response, 500, {});
    const { api } = fixture.attach({ tokenTimeout: 100, tokenRetries: 1000, tokenRetryDelay: 20 });
    const error = await failureOf(api.get('/data'));
    expect(error.code).toMatch(/^ERR_TOKEN_(TIMEOUT|REQUEST)$/);
    const asked = fixture.tokenRequests.length;
    expect(asked).toBeLessThan(1000);
    await delay(100);
    expect(fixture.tokenRequests).toHaveLength(asked);
  });

  it('scenario 22: a secret function that hangs is cut off as well', async () => {
    const fixture = await startFixture();
    const vendor = { ...fixture.vendor(), grant: () => new Promise<never>(() => {}) };
    const { api } = fixture.attach({ vendor, tokenTimeout: 60 });
    expect(await failureOf(api.get('/data'))).toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' });
  });

  it('scenario 22: a token that arrives after the timeout is not published', async () => {
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

describe('the boundaries of time', () => {
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
    'scenario 23: a token of $lifetime ms with a roll of $random: 1 ms before, at and after refreshAt',
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
      // The request itself went out with the old token, at once.
      const [, before, atIt] = fixture.apiRequests.map(({ headers }) => headers.authorization);
      expect([before, atIt]).toEqual([`Bearer ${fixture.issued[0]}`, `Bearer ${fixture.issued[0]}`]);
      await expect.poll(() => tokens.current?.expiresAt).toBe(start + refreshAt + lifetime);
      await at(refreshAt + 1);
      await api.get('/after');
      expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe(`Bearer ${fixture.issued[1]}`);
      expect(fixture.tokenRequests).toHaveLength(2);
    },
  );

  it('scenario 23: 1 ms before expiresAt the old token is used, though its refresh hangs', async () => {
    const { fixture, api, at } = await withToken(HOUR);
    fixture.onToken = () => {};
    await at(HOUR - 1);
    expect((await api.get('/before')).status).toBe(200);
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe(`Bearer ${fixture.issued[0]}`);
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
  });

  it.each([0, 1])('scenario 23: %i ms after expiresAt a request waits for a new token', async (late) => {
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

  it('scenario 23: a request at expiry joins the background refresh under way', async () => {
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

  it('scenario 23: a token of 60 s serves a request each second: one fetch for each 48 s', async () => {
    const { fixture, api, tokens, at } = await withToken(60_000);
    for (let second = 1; second < 120; second++) {
      await at(second * 1000);
      const before = tokens.current;
      await api.get('/data');
      if (before && second % 48 === 0) await expect.poll(() => tokens.current).not.toBe(before);
    }
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it('scenario 23: expiresAt counts from the start of the token request', async () => {
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

  it('scenario 23: a refresh buffer longer than the lifetime refreshes at 80 %, a buffer of 0 at expiry', () => {
    const timing = { defaultLifetime: HOUR, random: () => 1 };
    const token = { accessToken: 'a', lifetime: 1000 };
    expect(toTokenSet(token, 0, { ...timing, refreshBuffer: 1e9 }).refreshAt).toBe(800);
    expect(toTokenSet(token, 0, { ...timing, refreshBuffer: 0 }).refreshAt).toBe(1000);
  });
});

describe('a script', () => {
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

  it('scenario 24: that made one call exits at once', async () => {
    const fixture = await startFixture();
    const { code, output } = await run(fixture.url);
    expect(output).toBe('done 200\n');
    expect(code).toBe(0);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('scenario 24: that went through a 401 exits at once', async () => {
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

  it('scenario 24: that leaves a background refresh which answers soon exits with it', async () => {
    const fixture = await startFixture();
    fixture.onToken = async (_, response) => {
      if (fixture.tokenRequests.length > 1) await delay(200);
      fixture.issue(response);
    };
    const { code } = await run(fixture.url, '3300000');
    expect(code).toBe(0);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('scenario 24: that leaves a background refresh which is refused with 500 and retried exits all the same', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => {
      if (fixture.tokenRequests.length === 1) fixture.issue(response);
      else sendJson(response, 500, {});
    };
    const { code } = await run(fixture.url, '3300000');
    expect(fixture.tokenRequests.length).toBeGreaterThan(1);
    expect(code).toBe(0);
  });

  it('scenario 24: that leaves a background refresh which is never answered exits at the tokenTimeout', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => {
      if (fixture.tokenRequests.length === 1) fixture.issue(response);
    };
    const { code } = await run(fixture.url, '3300000');
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(code).toBe(0);
  });
});
