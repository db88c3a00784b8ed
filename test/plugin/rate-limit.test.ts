import { setTimeout as wait } from 'node:timers/promises';
import axios, { type AxiosResponse } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monotonicOf } from '../../src/core/clock.ts';
import type { AuthRefreshOptions } from '../../src/index.ts';
import { createSendGate } from '../../src/plugin/send-gate.ts';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { advanceUntil, createManualClock } from '../support/manual-clock.ts';
import { plan } from '../support/plan.ts';
import { sendJson, startServer } from '../support/server.ts';

/** Answers 429 to more than `limit` requests in a window. Returns how many requests were refused. */
function limitRate(fixture: Fixture, limit: number, window: number, latency = 0) {
  const counts = { refused: 0 };
  let startedAt = 0;
  let used = 0;
  fixture.beforeApi = async (_, response) => {
    const now = Date.now();
    if (now - startedAt >= window) [startedAt, used] = [now, 0];
    if (used++ < limit) {
      await wait(latency);
      sendJson(response, 200, {});
    } else {
      counts.refused++;
      const seconds = Math.ceil((startedAt + window - now) / 1000);
      sendJson(response, 429, {}, { 'retry-after': `${seconds}` });
    }
    return true;
  };
  return counts;
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('after a 429', () => {
  it.each([
    ['immediate answers', 0],
    ['answers after 60 ms', 60],
  ])('completes 60 requests at a limit of 10 a second with few more refusals: %s', async (_, latency) => {
    const fixture = await startFixture();
    const { api, tokens } = fixture.attach({ retry: {} });
    await tokens.getToken();
    const counts = limitRate(fixture, 10, 1000, latency);
    const responses = await Promise.all(times(60).map((n) => api.get(`/${n}`)));
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    // 50 requests were sent before the first answer arrived.
    expect(counts.refused).toBeGreaterThanOrEqual(50);
    expect(counts.refused).toBeLessThanOrEqual(75);
  });

  it.each([
    ['Retry-After', { 'retry-after': '1' }, 900],
    ['a short pause without Retry-After', {}, 100],
  ])('holds back requests to the same origin until %s', async (_, headers, least) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 200 } });
    plan(fixture, [429, headers]);
    const first = api.get('/first');
    await expect.poll(() => fixture.apiRequests.length).toBe(1);
    await wait(30);
    const startedAt = Date.now();
    const { attempts, waited = 0 } = await api.get('/neighbour');
    expect(Date.now() - startedAt).toBeGreaterThan(least - 60);
    expect(attempts).toBe(1);
    expect(waited).toBeGreaterThan(least - 60);
    expect((await first).attempts).toBe(2);
  });

  it('holds back the requests of every instance with the same token manager', async () => {
    const fixture = await startFixture();
    const { api, tokens } = fixture.attach({ retry: false });
    const other = fixture.attach({ tokens }).api;
    plan(fixture, [429, { 'retry-after': '1' }]);
    await expect(api.get('/first')).rejects.toMatchObject({ response: { status: 429 } });
    const { waited } = await other.get('/neighbour');
    expect(waited).toBeGreaterThan(900);
  });

  it.each<[string, Partial<AuthRefreshOptions>, string]>([
    ['whose Retry-After exceeds maxRetryAfter', { retry: { maxRetryAfter: 900 } }, '1'],
    ['with a Retry-After of several hours', {}, '7200'],
  ])('sends requests after a 429 %s at once', async (_, options, seconds) => {
    const fixture = await startFixture();
    const { api } = fixture.attach(options);
    plan(fixture, [429, { 'retry-after': seconds }]);
    await expect(api.get('/first')).rejects.toMatchObject({ response: { status: 429 } });
    expect((await api.get('/neighbour')).waited).toBeLessThan(500);
  });

  it('does not hold back requests to another origin, requests that opt out and requests with other credentials', async () => {
    const fixture = await startFixture();
    const reports = await startServer((_, response) => sendJson(response, 200, {}));
    const { api } = fixture.attach({ resourceOrigins: [reports.url], retry: { retries: 0 } });
    plan(fixture, [429, { 'retry-after': '50' }], 200, 200);
    await expect(api.get('/first')).rejects.toMatchObject({ response: { status: 429 } });
    await api.get(`${reports.url}/report`);
    await api.get('/public', { authRefresh: false });
    await api.get('/basic', { auth: { username: 'a', password: 'b' } });
    await reports.close();
    expect(fixture.apiRequests).toHaveLength(3);
  });

  it.each(['signal', 'cancelToken', 'deadline'] as const)(
    'ends the wait of a request by its %s',
    async (by) => {
      const fixture = await startFixture();
      const { api } = fixture.attach({ retry: { retries: 0 } });
      plan(fixture, [429, { 'retry-after': '50' }]);
      await api.get('/first').catch(() => {});
      const controller = new AbortController();
      const source = axios.CancelToken.source();
      const waiting = api.get('/neighbour', {
        ...(by === 'signal' && { signal: controller.signal }),
        ...(by === 'cancelToken' && { cancelToken: source.token }),
        ...(by === 'deadline' && { authRefresh: { deadline: 80 } }),
      });
      await wait(30);
      controller.abort();
      source.cancel('enough');
      await expect(waiting).rejects.toMatchObject(
        by === 'deadline'
          ? {
              code: 'ETIMEDOUT',
              message: 'deadline of 80 ms exceeded while waiting for the rate limit',
              waited: expect.toSatisfy((waited: number) => waited >= 70),
            }
          : { code: 'ERR_CANCELED' },
      );
      expect(fixture.apiRequests).toHaveLength(1);
    },
  );

  it('an aborted request does not delay the requests after it', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { retries: 0 } });
    plan(fixture, [429, { 'retry-after': '1' }]);
    await api.get('/first').catch(() => {});
    const controller = new AbortController();
    const aborted = times(200).map((n) => api.get(`/${n}`, { signal: controller.signal }));
    const waiting = api.get('/later');
    await wait(30);
    controller.abort();
    await Promise.allSettled(aborted);
    expect((await waiting).waited).toBeLessThan(2000);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('does not apply the timeout of a request to the wait, as before a retry', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { retries: 0 } });
    plan(fixture, [429, { 'retry-after': '1' }]);
    await api.get('/first').catch(() => {});
    expect((await api.get('/neighbour', { timeout: 400 })).status).toBe(200);
  });
});

describe('rate', () => {
  it('spaces requests evenly, replays and retries included, and token requests not', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ rate: { requests: 20, interval: 1000 } });
    plan(fixture, 401, 503);
    const at: number[] = [];
    const handle = fixture.beforeApi;
    fixture.beforeApi = (request, response) => {
      at.push(Date.now());
      return handle?.(request, response) ?? false;
    };
    await Promise.all(times(8).map((n) => api.get(`/${n}`)));
    expect(at).toHaveLength(10);
    const [first = 0] = at;
    for (const [index, time] of at.entries()) expect(time - first).toBeGreaterThan(index * 50 - 30);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('gives the slot of an aborted request to the next one', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ rate: { requests: 5, interval: 1000 } });
    await api.get('/first');
    const controller = new AbortController();
    const aborted = times(50).map((n) => api.get(`/${n}`, { signal: controller.signal }));
    const waiting = api.get('/later');
    await wait(30);
    controller.abort();
    await Promise.allSettled(aborted);
    expect((await waiting).waited).toBeLessThan(1000);
  });

  it('may be a function, which receives a signal that aborts with the request', async () => {
    const fixture = await startFixture();
    const signals: AbortSignal[] = [];
    const rate = (signal: AbortSignal) => {
      signals.push(signal);
      return signals.length === 1 ? Promise.resolve() : new Promise<void>(() => {});
    };
    const { api } = fixture.attach({ rate });
    expect((await api.get('/a')).status).toBe(200);
    const controller = new AbortController();
    const waiting = api.get('/b', { signal: controller.signal });
    await expect.poll(() => signals.length).toBe(2);
    expect(signals[1]?.aborted).toBe(false);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect(signals[1]?.aborted).toBe(true);
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('no Redis'))],
    [
      'throws',
      () => {
        throw new Error('no Redis');
      },
    ],
  ])('that is a function and %s: the request rejects with ERR_CALLBACK', async (_, rate) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ rate });
    const expected = { code: 'ERR_CALLBACK', message: 'rate failed: no Redis' };
    await expect(api.get('/a')).rejects.toMatchObject(expected);
  });
});

describe('the gate, for any schedule', () => {
  const config = { url: '/x', baseURL: 'https://api.example.com', headers: {} } as never;

  it('sends no request during a pause, keeps the rate and holds no request for ever', async () => {
    const event = fc.record({
      at: fc.integer({ min: 0, max: 5000 }),
      refusedFor: fc.option(fc.integer({ min: 0, max: 2000 }), { nil: undefined }),
      aborts: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 25 }),
        fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
        async (events, requests) => {
          const clock = createManualClock(0);
          const rate = requests === undefined ? undefined : { requests, interval: 1000 };
          const gate = createSendGate({
            pauses: { now: monotonicOf(clock), byOrigin: new Map() },
            clock,
            rate,
            baseDelay: 500,
            maxRetryAfter: 60_000,
            random: () => 0.5,
          });
          let until = 0;
          const sent: number[] = [];
          const work = events.map(({ at, refusedFor, aborts }) => {
            const controller = new AbortController();
            const start = new Promise<void>((resolve) => clock.setTimeout(resolve, at));
            if (aborts) clock.setTimeout(() => controller.abort(), at + 100);
            return start.then(async () => {
              try {
                const turn = gate.enter(
                  { ...(config as object), signal: controller.signal } as never,
                  undefined,
                  0,
                );
                if (turn) await turn;
              } catch {
                expect(aborts).toBe(true);
                return;
              }
              const now = clock.now();
              expect(now).toBeGreaterThanOrEqual(until - 1);
              sent.push(now);
              if (refusedFor === undefined) return;
              until = Math.max(until, now + refusedFor);
              const headers = { 'retry-after': `${refusedFor / 1000}` };
              gate.refused(config, undefined, { headers } as unknown as AxiosResponse);
            });
          });
          await advanceUntil(Promise.all(work), clock);
          if (requests) {
            const gap = 1000 / requests;
            for (const [index, time] of sent.entries()) {
              expect(time - (sent[0] ?? 0)).toBeGreaterThanOrEqual(index * gap - 1);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
