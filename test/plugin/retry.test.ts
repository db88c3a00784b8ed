import { Readable } from 'node:stream';
import axios, { type AxiosError, type AxiosRequestConfig } from 'axios';
import axiosRetry from 'axios-retry';
import { describe, expect, it } from 'vitest';
import type { AuthRefreshEvent } from '../../src/core/events.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import { attachTo } from '../support/attach-to.ts';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { always, type PlannedAnswer, plan } from '../support/plan.ts';

/** Returns the status of a request, or the code of an error without a response. */
const outcome = (request: Promise<{ status: number }>): Promise<number | string | undefined> =>
  request.then(
    ({ status }) => status,
    (error: AxiosError) => error.response?.status ?? error.code,
  );

const retriesOf = (events: AuthRefreshEvent[]) => events.filter(({ type }) => type === 'retry');

const bodiesOf = ({ apiRequests }: Fixture) => apiRequests.map(({ body }) => body.toString());

describe.each(['http', 'fetch'])('retry with the %s adapter', (adapter) => {
  it('replays after 401 and then retries after 503, with one more token', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    await api.get('/first');
    plan(fixture, 401, 503);
    expect((await api.get('/data')).data).toEqual({ ok: true, url: '/data' });
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual(
      [0, 0, 1, 1].map((index) => `Bearer ${fixture.issued[index]}`),
    );
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('retries after 503 and then replays after 401, with one more token', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    await api.get('/first');
    plan(fixture, 503, 401);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual(
      [0, 0, 0, 1].map((index) => `Bearer ${fixture.issued[index]}`),
    );
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('replays a request again after a retry', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, 401, 503, 401, 502);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests).toHaveLength(5);
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it('sends the retry with a new token if the token expires during Retry-After', async () => {
    const fixture = await startFixture();
    fixture.lifetime = 1;
    const { api, events } = fixture.attach({}, { adapter });
    plan(fixture, [429, { 'retry-after': '1' }]);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${fixture.issued[0]}`,
      `Bearer ${fixture.issued[1]}`,
    ]);
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(retriesOf(events)).toMatchObject([{ status: 429, delay: 1000 }]);
  });

  it.each<[string, PlannedAnswer, AxiosRequestConfig]>([
    ['a GET after 429', 429, {}],
    ['a POST after 429', 429, { method: 'POST', data: { n: 1 } }],
    ['a PATCH after 429', 429, { method: 'PATCH', data: { n: 1 } }],
    ['a GET after 408', 408, {}],
    ['a GET after 502', 502, {}],
    ['a GET after 503', 503, {}],
    ['a GET after 504', 504, {}],
    ['a HEAD after 503', 503, { method: 'HEAD' }],
    ['an OPTIONS after 503', 503, { method: 'OPTIONS' }],
    ['a PUT after 503', 503, { method: 'PUT', data: { n: 1 } }],
    ['a DELETE after 503', 503, { method: 'DELETE' }],
    ['a GET whose connection broke', 'reset', {}],
    ['a PUT whose connection broke', 'reset', { method: 'PUT', data: 'text' }],
    ['a GET with an incomplete response', 'cut', {}],
    ['a GET after a timeout', 'hang', { timeout: 150 }],
    [
      'a GET after a timeout with clarifyTimeoutError',
      'hang',
      { timeout: 150, transitional: { clarifyTimeoutError: true } },
    ],
    ['a POST after 503 with idempotent: true', 503, { method: 'POST', authRefresh: { idempotent: true } }],
    [
      'a POST without a response with idempotent: true',
      'reset',
      { method: 'POST', authRefresh: { idempotent: true } },
    ],
  ])('retries %s with the same body', async (_, answer, config) => {
    const fixture = await startFixture();
    const { api, tokens } = fixture.attach({}, { adapter });
    await tokens.getToken(); // The timeout of a case must not end the wait for a token.
    plan(fixture, answer);
    expect((await api.request({ url: '/data', ...config })).status).toBe(200);
    expect(fixture.apiRequests).toHaveLength(2);
    const [first, second] = bodiesOf(fixture);
    expect(second).toBe(first);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each<[string, PlannedAnswer, AxiosRequestConfig, number | string]>([
    ['a GET after 500', 500, {}, 500],
    ['a GET after 501', 501, {}, 501],
    ['a GET after 404', 404, {}, 404],
    ['a POST after 502', 502, { method: 'POST', data: { n: 1 } }, 502],
    ['a POST after 503', 503, { method: 'POST', data: { n: 1 } }, 503],
    ['a POST after 504', 504, { method: 'POST', data: { n: 1 } }, 504],
    ['a PATCH after 503', 503, { method: 'PATCH', data: { n: 1 } }, 503],
    ['a PUT with idempotent: false', 503, { method: 'PUT', authRefresh: { idempotent: false } }, 503],
    ['a POST that only another vendor calls read-only', 503, { method: 'POST', url: '/details/query' }, 503],
  ])('does not retry %s', async (_, answer, config, expected) => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({}, { adapter });
    plan(fixture, answer);
    expect(await outcome(api.request({ url: '/data', ...config }))).toBe(expected);
    expect(fixture.apiRequests).toHaveLength(1);
    expect(retriesOf(events)).toEqual([]);
  });

  it.each<[string, PlannedAnswer]>([
    ['whose connection broke', 'reset'],
    ['with an incomplete response', 'cut'],
    ['after a timeout', 'hang'],
  ])('does not retry a POST %s, because the API may have executed it', async (_, answer) => {
    const fixture = await startFixture();
    const { api, tokens } = fixture.attach({}, { adapter });
    await tokens.getToken();
    plan(fixture, answer);
    const error = await api.post('/import', { n: 1 }, { timeout: 150 }).catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(axios.isCancel(error)).toBe(false);
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it('retries only those POSTs that the vendor calls read-only', async () => {
    const fixture = await startFixture();
    const seen: unknown[] = [];
    const { api } = fixture.attach(
      {
        vendor: {
          ...fixture.vendor(),
          isReadOnly(request) {
            seen.push(request);
            return request.method === 'POST' && request.url.endsWith('/query');
          },
        },
      },
      { adapter },
    );
    plan(fixture, 503);
    expect((await api.post('/details/query?page=2', { n: 1 })).status).toBe(200);
    plan(fixture, 503);
    expect(await outcome(api.post('/contacts', { n: 1 }))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(3);
    expect(seen).toEqual([
      { method: 'POST', url: '/details/query' },
      { method: 'POST', url: '/contacts' },
    ]);
  });

  it('does not retry a read-only POST with idempotent: false', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), isReadOnly: () => true } }, { adapter });
    plan(fixture, 503);
    expect(await outcome(api.post('/query', {}, { authRefresh: { idempotent: false } }))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it.each<[string, PlannedAnswer]>([
    ['503', 503],
    ['a broken connection', 'reset'],
  ])('retries a POST after %s with allMethods', async (_, answer) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 5, allMethods: true } }, { adapter });
    plan(fixture, answer);
    expect((await api.post('/import', { n: 1 })).status).toBe(200);
    expect(bodiesOf(fixture)).toEqual(['{"n":1}', '{"n":1}']);
  });

  it('rejects with the last response after three retries', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({ random: () => 1 }, { adapter });
    always(fixture, 503);
    const error = await api.get('/data?secret=1').catch((reason) => reason);
    expect(error).toMatchObject({ name: 'AxiosError', response: { status: 503, data: { planned: 503 } } });
    expect(fixture.apiRequests).toHaveLength(4);
    expect(retriesOf(events)).toEqual(
      [5, 10, 20].map((wait, index) => ({
        type: 'retry',
        method: 'GET',
        url: '/data',
        count: index + 1,
        delay: wait,
        status: 503,
        code: 'ERR_BAD_RESPONSE',
      })),
    );
  });

  it('retries as often as `retries` allows', async () => {
    const fixture = await startFixture();
    always(fixture, 503);
    for (const [retries, sends] of [
      [0, 1],
      [1, 2],
    ] as const) {
      const { api, detach } = fixture.attach({ retry: { baseDelay: 5, retries } }, { adapter });
      fixture.apiRequests.length = 0;
      expect(await outcome(api.get('/data'))).toBe(503);
      expect(fixture.apiRequests).toHaveLength(sends);
      detach();
    }
  });

  it('emits a retry event with the error code and without a status after a network error', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({ random: () => 0 }, { adapter });
    plan(fixture, 'reset');
    await api.get('/data');
    const [event] = retriesOf(events);
    expect(event).toMatchObject({ method: 'GET', url: '/data', count: 1, delay: 2.5 });
    expect(event).toHaveProperty('code', adapter === 'http' ? 'ECONNRESET' : 'ERR_NETWORK');
    expect(event).not.toHaveProperty('status');
  });

  it('returns a response at once if its Retry-After exceeds maxRetryAfter', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 5, maxRetryAfter: 900 } }, { adapter });
    plan(fixture, [429, { 'retry-after': '1' }], [503, { 'retry-after': '3600' }]);
    expect(await outcome(api.get('/a'))).toBe(429);
    expect(await outcome(api.get('/b'))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('accepts an HTTP date as Retry-After', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({}, { adapter });
    plan(
      fixture,
      [503, { 'retry-after': new Date(Date.now() - 5000).toUTCString() }],
      [503, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }],
    );
    expect(await outcome(api.get('/data'))).toBe(503);
    // The first date is in the past, so only the backoff counts. The second exceeds maxRetryAfter.
    expect(retriesOf(events)).toHaveLength(1);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('does not retry a request that is aborted, in flight or while it waits for a retry', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({ retry: { baseDelay: 3_600_000 }, random: () => 1 }, { adapter });
    const controller = new AbortController();
    const { signal } = controller;
    plan(fixture, 'hang', 503);
    const sent = api.get('/a', { signal });
    await expect.poll(() => fixture.apiRequests.length).toBe(1);
    const waiting = api.get('/b', { signal });
    await expect.poll(() => fixture.apiRequests.length).toBe(2);
    await expect.poll(() => retriesOf(events)).toHaveLength(1);
    controller.abort();
    expect(await Promise.all([outcome(sent), outcome(waiting)])).toEqual(['ERR_CANCELED', 'ERR_CANCELED']);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('does not retry a request after the retries of its token request failed', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => void response.writeHead(500).end();
    const { api, events } = fixture.attach({ tokenRetries: 1 }, { adapter });
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_REQUEST' });
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(retriesOf(events)).toEqual([]);
  });

  it.each([false, true])(
    'does not retry a request that timed out while it waited for a token (clarifyTimeoutError %s)',
    async (clarifyTimeoutError) => {
      const fixture = await startFixture();
      fixture.tokenDelay = 400;
      const { api, events } = fixture.attach({}, { adapter, transitional: { clarifyTimeoutError } });
      const error = await api.get('/data', { timeout: 60 }).catch((reason) => reason);
      expect(error).toMatchObject({ code: clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED' });
      expect(retriesOf(events)).toEqual([]);
      expect(fixture.apiRequests).toHaveLength(0);
    },
  );

  it.each(['stream', 'json'] as const)(
    'sends a retry with the credentials of the caller, responseType %s',
    async (responseType) => {
      const fixture = await startFixture();
      const { api } = fixture.attach({ retry: { baseDelay: 1 } }, { adapter });
      plan(fixture, 503);
      await api.get('/data', { responseType, headers: { Authorization: 'Basic own' } }).catch(() => {});
      expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([
        'Basic own',
        'Basic own',
      ]);
    },
  );

  it('sends the retry of a request with authRefresh: false without a token', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, 503);
    expect(await outcome(api.get('/data', { authRefresh: false }))).toBe(401);
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(fixture.tokenRequests).toHaveLength(0);
  });
});

describe('when a body can be read only once', () => {
  it.each<[string, PlannedAnswer]>([
    ['429', 429],
    ['503', 503],
  ])('does not retry a stream after %s, even with allMethods', async (_, answer) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 5, allMethods: true } });
    plan(fixture, answer);
    expect(await outcome(api.put('/data', Readable.from(['full ', 'body'])))).toBe(answer);
    expect(bodiesOf(fixture)).toEqual(['full body']);
  });

  it('retries and replays the request with the full body of a body factory', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    plan(fixture, 503, 401, 429);
    const body = () => Readable.from(['full ', 'body']);
    expect((await api.put('/data', undefined, { authRefresh: { body } })).status).toBe(200);
    expect(bodiesOf(fixture)).toEqual(Array(4).fill('full body'));
  });
});

describe('when the application uses axios-retry', () => {
  /** Creates an instance with axios-retry of the application, attached before or after the plugin. */
  async function withBoth(
    order: 'before' | 'after',
    theirs: Parameters<typeof axiosRetry>[1],
    ours: Partial<AuthRefreshOptions> = {},
  ) {
    const fixture = await startFixture();
    const api = axios.create({ baseURL: fixture.url, proxy: false });
    if (order === 'before') axiosRetry(api, theirs);
    const attached = attachTo(api, fixture, ours);
    if (order === 'after') axiosRetry(api, theirs);
    return { fixture, api, ...attached };
  }

  describe.each(['before', 'after'] as const)('attached %s the plugin', (order) => {
    it.each<PlannedAnswer>([503, 429, 'reset'])('retries three times in total after %s', async (answer) => {
      const { fixture, api } = await withBoth(order, { retries: 3, retryDelay: () => 5 });
      always(fixture, answer);
      await outcome(api.get('/data'));
      expect(fixture.apiRequests).toHaveLength(4);
      expect(fixture.tokenRequests).toHaveLength(1);
    });

    it.each([
      [5, 3],
      [2, 3],
      [0, 3],
      [3, 1],
      [3, 0],
    ])(
      'with %i retries of the application and %i of the plugin: retries as often as one of them allows',
      async (theirs, ours) => {
        const { fixture, api } = await withBoth(
          order,
          { retries: theirs, retryDelay: () => 5 },
          { retry: { baseDelay: 5, retries: ours } },
        );
        always(fixture, 503);
        expect(await outcome(api.get('/data'))).toBe(503);
        expect([1 + theirs, 1 + ours]).toContain(fixture.apiRequests.length);
      },
    );

    it('replays, retries and replays again after 401, 503 and 401', async () => {
      const { fixture, api } = await withBoth(order, { retries: 3, retryDelay: () => 5 });
      plan(fixture, 401, 503, 401);
      expect((await api.get('/data')).status).toBe(200);
      expect(fixture.apiRequests).toHaveLength(4);
      expect(fixture.tokenRequests).toHaveLength(3);
    });

    it("applies only the application's policy with retry: false, and still refreshes tokens", async () => {
      const retried: number[] = [];
      const { fixture, api, events } = await withBoth(
        order,
        {
          retries: 2,
          retryDelay: () => 5,
          retryCondition: ({ response }) => response?.status === 500,
          onRetry: (count) => void retried.push(count),
        },
        { retry: false },
      );
      plan(fixture, 500, 401, 500);
      expect((await api.post('/data', { n: 1 })).status).toBe(200);
      expect(bodiesOf(fixture)).toEqual(Array(4).fill('{"n":1}'));
      expect(retried).toEqual([1, 2]);
      plan(fixture, 503);
      expect(await outcome(api.get('/data'))).toBe(503);
      expect(fixture.apiRequests).toHaveLength(5);
      expect(retriesOf(events)).toEqual([]);
    });

    it("removes only the plugin's policy on detach", async () => {
      const { fixture, api, detach } = await withBoth(order, { retries: 1, retryDelay: () => 5 });
      detach();
      always(fixture, 503);
      expect(await outcome(api.get('/data'))).toBe(503);
      expect(fixture.apiRequests).toHaveLength(2);
    });
  });

  it('retries nothing with retry: false and without axios-retry', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: false });
    plan(fixture, 503, 401, 429);
    expect(await outcome(api.get('/a'))).toBe(503);
    expect(await outcome(api.get('/b'))).toBe(429);
    expect(fixture.apiRequests).toHaveLength(3);
  });
});
