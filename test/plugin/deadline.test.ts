import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import axios, { AxiosError, type AxiosRequestConfig } from 'axios';
import axiosRetry from 'axios-retry';
import { describe, expect, it } from 'vitest';
import type { RequestTotals } from '../../src/index.ts';
import { attachTo } from '../support/attach-to.ts';
import { startFixture } from '../support/fixture.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';
import { always, type PlannedAnswer, plan } from '../support/plan.ts';

type Failure = AxiosError & RequestTotals;

describe.each(['http', 'fetch'])('a deadline with the %s adapter', (adapter) => {
  it.each<[string, PlannedAnswer[], AxiosRequestConfig]>([
    ['the first send', ['hang'], {}],
    ['a replay', [401, 'hang'], {}],
    ['a retry', [503, 'hang'], {}],
    ['a stream response', ['hang'], { responseType: 'stream' }],
  ])('ends %s', async (_, answers, config) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, ...answers);
    const startedAt = Date.now();
    const request = api.get('/x', { authRefresh: { deadline: 250 }, ...config });
    const error: Failure = await request.catch((reason) => reason);
    expect(error).toBeInstanceOf(AxiosError);
    expect(error).toMatchObject({
      code: 'ETIMEDOUT',
      message: 'deadline of 250 ms exceeded while waiting for a response',
      attempts: answers.length,
    });
    expect(error.config?.cancelToken).toBeUndefined();
    expect(Date.now() - startedAt).toBeLessThan(1000);
    expect(fixture.apiRequests).toHaveLength(answers.length);
  });

  it('ends the wait for a token, and does not end the token fetch', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 400;
    const { api, tokens } = fixture.attach({}, { adapter });
    const error: Failure = await api.get('/x', { authRefresh: { deadline: 80 } }).catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'ETIMEDOUT',
      message: 'deadline of 80 ms exceeded while waiting for a token',
      attempts: 0,
    });
    await tokens.getToken();
    await wait(50);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(fixture.apiRequests).toHaveLength(0);
  });

  it('returns the last response at once if the wait for a retry would end later', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, [503, {}], [429, { 'retry-after': '2' }]);
    const startedAt = Date.now();
    const error: Failure = await api.get('/x', { authRefresh: { deadline: 1500 } }).catch((e) => e);
    expect(error).toMatchObject({ response: { status: 429, attempts: 2 }, attempts: 2 });
    expect(Date.now() - startedAt).toBeLessThan(1000);
  });

  it('covers all retries together', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 100, retries: 50 } }, { adapter });
    always(fixture, 503);
    const startedAt = Date.now();
    const error: Failure = await api.get('/x', { authRefresh: { deadline: 600 } }).catch((e) => e);
    expect(error.response?.status).toBe(503);
    expect(Date.now() - startedAt).toBeLessThan(700);
    expect(error.attempts).toBeGreaterThan(1);
  });

  it('starts again for the config of an error', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, 503, 'hang');
    const error: Failure = await api.get('/x', { authRefresh: { deadline: 300 } }).catch((e) => e);
    expect(error.code).toBe('ETIMEDOUT');
    const { status, attempts } = await api.request(error.config as AxiosRequestConfig);
    expect({ status, attempts }).toEqual({ status: 200, attempts: 1 });
  });

  it("keeps the caller's signal and cancelToken", async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, 'hang', 'hang');
    const controller = new AbortController();
    const source = axios.CancelToken.source();
    const authRefresh = { deadline: 60_000 };
    const requests = [
      api.get('/x', { authRefresh, signal: controller.signal }),
      api.get('/x', { authRefresh, cancelToken: source.token }),
    ].map((request) => request.catch((reason) => reason));
    await expect.poll(() => fixture.apiRequests.length).toBe(2);
    controller.abort();
    source.cancel('enough');
    for (const error of await Promise.all(requests)) expect(axios.isCancel(error)).toBe(true);
  });
});

describe('a deadline', () => {
  it('uses the clock of the token manager and leaves no timer', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { api, tokens } = fixture.attach({ clock });
    await tokens.getToken();
    await api.get('/x', { authRefresh: { deadline: 3_600_000 } });
    expect(clock.pending).toBe(0);
    plan(fixture, 'hang');
    const request = api.get('/x', { authRefresh: { deadline: 3_600_000 } }).catch((reason) => reason);
    await expect.poll(() => fixture.apiRequests.length).toBe(2);
    await clock.advance(3_600_000);
    expect((await request).code).toBe('ETIMEDOUT');
    await settle();
    expect(clock.pending).toBe(0);
  });
});

describe.each(['http', 'fetch'])('the totals of a request with the %s adapter', (adapter) => {
  it.each<[string, PlannedAnswer[], object]>([
    ['a response', [], { attempts: 1, replays: 0 }],
    ['a replay', [401], { attempts: 2, replays: 1 }],
    ['retries', [503, 'reset'], { attempts: 3, replays: 0 }],
    ['replays and retries', [401, 503, 401], { attempts: 4, replays: 2 }],
  ])('are on the response after %s', async (_, answers, expected) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, ...answers);
    expect(await api.get('/x')).toMatchObject({ ...expected, waited: expect.any(Number) });
  });

  it.each<[string, PlannedAnswer, object, AxiosRequestConfig]>([
    ['a 404', 404, { attempts: 1, replays: 0 }, {}],
    ['a 401 after a replay', 401, { attempts: 2, replays: 1 }, {}],
    ['a 503 after all retries', 503, { attempts: 4, replays: 0 }, {}],
    ['a broken connection', 'reset', { attempts: 4, replays: 0 }, {}],
    ['an opted-out request', 503, { attempts: 4, replays: 0 }, { authRefresh: false }],
  ])('are on the error and its response after %s', async (_, answer, expected, config) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    always(fixture, answer);
    const error = await api.get('/x', config).catch((reason) => reason);
    expect(error).toMatchObject({ ...expected, waited: expect.any(Number) });
    if (error.response) expect(error.response).toMatchObject(expected);
  });

  it('count the waits for tokens and retries, and not the sends', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 100;
    const { api } = fixture.attach({ retry: { baseDelay: 200 }, random: () => 1 }, { adapter });
    plan(fixture, 503);
    const handle = fixture.beforeApi;
    fixture.beforeApi = async (request, response) => {
      await wait(150);
      return handle?.(request, response) ?? false;
    };
    const startedAt = Date.now();
    const { waited = 0 } = await api.get('/x');
    expect(waited).toBeGreaterThan(280);
    expect(waited).toBeLessThan(Date.now() - startedAt - 280);
  });

  it("survive the retries of the application's own axios-retry", async () => {
    const fixture = await startFixture();
    const api = axios.create({ baseURL: fixture.url, proxy: false, adapter });
    axiosRetry(api, { retries: 3, retryDelay: () => 5 });
    attachTo(api, fixture, { retry: false });
    plan(fixture, 503, 401, 503);
    expect(await api.get('/x')).toMatchObject({ attempts: 4, replays: 1 });
  });

  it('are not in logs of the config', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    always(fixture, 503);
    const { config } = await api.get('/x').catch((reason) => reason);
    expect(JSON.stringify(config)).not.toMatch(/attempts|waited/);
    expect(inspect(config, { depth: 10 })).not.toMatch(/attempts|waited/);
  });
});
