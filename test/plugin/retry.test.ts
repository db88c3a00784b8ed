import { Readable } from 'node:stream';
import axios, { type AxiosError, type AxiosRequestConfig } from 'axios';
import axiosRetry from 'axios-retry';
import { describe, expect, it } from 'vitest';
import type { AuthRefreshEvent } from '../../src/core/events.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import { attachTo } from '../support/attach-to.ts';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { always, type PlannedAnswer, plan } from '../support/plan.ts';

/** How a request ended: a status, or the code of an error without an answer. */
const outcome = (request: Promise<{ status: number }>): Promise<number | string | undefined> =>
  request.then(
    ({ status }) => status,
    (error: AxiosError) => error.response?.status ?? error.code,
  );

const retriesOf = (events: AuthRefreshEvent[]) => events.filter(({ type }) => type === 'retry');

const bodiesOf = ({ apiRequests }: Fixture) => apiRequests.map(({ body }) => body.toString());

describe.each(['http', 'fetch'])('retry with the %s adapter', (adapter) => {
  it('scenario 25: 401, 503, 200: succeeds after three calls and one more token', async () => {
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

  it('scenario 25: 503, 401, 200: succeeds after three calls and one more token', async () => {
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

  it('scenario 25: a 401 that follows a retry may be replayed, also when one was replayed before it', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, 401, 503, 401, 502);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests).toHaveLength(5);
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it('scenario 26: the token expires during Retry-After: the retry carries a new one, and no 401 is needed', async () => {
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
    ['a GET whose answer broke off', 'cut', {}],
    ['a GET that got no answer in time', 'hang', { timeout: 150 }],
    [
      'a GET that got no answer in time, called ETIMEDOUT',
      'hang',
      { timeout: 150, transitional: { clarifyTimeoutError: true } },
    ],
    [
      'a POST after 503 that the caller calls idempotent',
      503,
      { method: 'POST', authRefresh: { idempotent: true } },
    ],
    [
      'a POST without an answer that the caller calls idempotent',
      'reset',
      { method: 'POST', authRefresh: { idempotent: true } },
    ],
  ])('repeats %s, with the same body', async (_, answer, config) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
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
    [
      'a PUT that the caller calls not idempotent',
      503,
      { method: 'PUT', authRefresh: { idempotent: false } },
      503,
    ],
    ['a POST that is read-only for another vendor', 503, { method: 'POST', url: '/details/query' }, 503],
  ])('does not repeat %s', async (_, answer, config, expected) => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({}, { adapter });
    plan(fixture, answer);
    expect(await outcome(api.request({ url: '/data', ...config }))).toBe(expected);
    expect(fixture.apiRequests).toHaveLength(1);
    expect(retriesOf(events)).toEqual([]);
  });

  it.each<[string, PlannedAnswer]>([
    ['whose connection broke', 'reset'],
    ['whose answer broke off', 'cut'],
    ['that got no answer in time', 'hang'],
  ])('does not repeat a POST %s: it may have been executed', async (_, answer) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, answer);
    const error = await api.post('/import', { n: 1 }, { timeout: 150 }).catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(axios.isCancel(error)).toBe(false);
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it('repeats the POSTs that the vendor calls read-only, and no other', async () => {
    const fixture = await startFixture();
    const asked: unknown[] = [];
    const { api } = fixture.attach(
      {
        vendor: {
          ...fixture.vendor(),
          isReadOnly(request) {
            asked.push(request);
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
    expect(asked).toEqual([
      { method: 'POST', url: '/details/query' },
      { method: 'POST', url: '/contacts' },
    ]);
  });

  it('lets the caller overrule the vendor: idempotent false keeps a read-only POST from being repeated', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), isReadOnly: () => true } }, { adapter });
    plan(fixture, 503);
    expect(await outcome(api.post('/query', {}, { authRefresh: { idempotent: false } }))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it.each<[string, PlannedAnswer]>([
    ['503', 503],
    ['a broken connection', 'reset'],
  ])('with allMethods repeats a POST after %s', async (_, answer) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 5, allMethods: true } }, { adapter });
    plan(fixture, answer);
    expect((await api.post('/import', { n: 1 })).status).toBe(200);
    expect(bodiesOf(fixture)).toEqual(['{"n":1}', '{"n":1}']);
  });

  it('gives up after three retries and rejects with the last answer', async () => {
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

  it('retries as often as told, also never', async () => {
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

  it('tells of a retry after a network error its code, and no status', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({ random: () => 0 }, { adapter });
    plan(fixture, 'reset');
    await api.get('/data');
    const [event] = retriesOf(events);
    expect(event).toMatchObject({ method: 'GET', url: '/data', count: 1, delay: 2.5 });
    expect(event).toHaveProperty('code', adapter === 'http' ? 'ECONNRESET' : 'ERR_NETWORK');
    expect(event).not.toHaveProperty('status');
  });

  it('hands back an answer whose Retry-After is over maxRetryAfter, at once', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 5, maxRetryAfter: 900 } }, { adapter });
    plan(fixture, [429, { 'retry-after': '1' }], [503, { 'retry-after': '3600' }]);
    expect(await outcome(api.get('/a'))).toBe(429);
    expect(await outcome(api.get('/b'))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('understands Retry-After as an HTTP date', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({}, { adapter });
    plan(
      fixture,
      [503, { 'retry-after': new Date(Date.now() - 5000).toUTCString() }],
      [503, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }],
    );
    expect(await outcome(api.get('/data'))).toBe(503);
    // The first date is over, so only the backoff counts; the second is too far off.
    expect(retriesOf(events)).toHaveLength(1);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('never retries what the caller aborts, neither while it is sent nor while it waits for its turn', async () => {
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

  it('does not retry a request that got no token: the token endpoint has had its retries', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => void response.writeHead(500).end();
    const { api, events } = fixture.attach({ tokenRetries: 1 }, { adapter });
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_REQUEST' });
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(retriesOf(events)).toEqual([]);
  });

  it.each([false, true])(
    'does not retry a request whose timeout passed while it waited for a token (clarifyTimeoutError %s)',
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

  it('sends a retry of a request that opted out without a token as well', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, 503);
    expect(await outcome(api.get('/data', { authRefresh: false }))).toBe(401);
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(fixture.tokenRequests).toHaveLength(0);
  });
});

describe('retry of bodies that can be read once', () => {
  it.each<[string, PlannedAnswer]>([
    ['429', 429],
    ['503', 503],
  ])('never repeats a stream after %s, whatever the policy', async (_, answer) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { baseDelay: 5, allMethods: true } });
    plan(fixture, answer);
    expect(await outcome(api.put('/data', Readable.from(['full ', 'body'])))).toBe(answer);
    expect(bodiesOf(fixture)).toEqual(['full body']);
  });

  it('repeats one that a body factory makes anew, whole each time', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    plan(fixture, 503, 401, 429);
    const body = () => Readable.from(['full ', 'body']);
    expect((await api.put('/data', undefined, { authRefresh: { body } })).status).toBe(200);
    expect(bodiesOf(fixture)).toEqual(Array(4).fill('full body'));
  });
});

describe('an axios-retry of the application', () => {
  /** An instance with an axios-retry of its own, attached before or after this package. */
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

  describe.each(['before', 'after'] as const)('attached %s ours', (order) => {
    it.each<PlannedAnswer>([503, 429, 'reset'])(
      'scenario 27: answers of %s are retried three times in all, not three times three',
      async (answer) => {
        const { fixture, api } = await withBoth(order, { retries: 3, retryDelay: () => 5 });
        always(fixture, answer);
        await outcome(api.get('/data'));
        expect(fixture.apiRequests).toHaveLength(4);
        expect(fixture.tokenRequests).toHaveLength(1);
      },
    );

    it.each([
      [5, 3],
      [2, 3],
      [0, 3],
      [3, 1],
      [3, 0],
    ])(
      'scenario 27: with %i retries of theirs and %i of ours there are as many as one of the two allows',
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

    it('scenario 27: 401, 503, 401, 200 succeeds with four calls', async () => {
      const { fixture, api } = await withBoth(order, { retries: 3, retryDelay: () => 5 });
      plan(fixture, 401, 503, 401);
      expect((await api.get('/data')).status).toBe(200);
      expect(fixture.apiRequests).toHaveLength(4);
      expect(fixture.tokenRequests).toHaveLength(3);
    });

    it('scenario 27: with retry: false their policy alone decides, and a token that expired is still renewed', async () => {
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

    it('scenario 27: detach takes our retry away and leaves theirs', async () => {
      const { fixture, api, detach } = await withBoth(order, { retries: 1, retryDelay: () => 5 });
      detach();
      always(fixture, 503);
      expect(await outcome(api.get('/data'))).toBe(503);
      expect(fixture.apiRequests).toHaveLength(2);
    });
  });

  it('scenario 27: without an axios-retry and with retry: false nothing is retried', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: false });
    plan(fixture, 503, 401, 429);
    expect(await outcome(api.get('/a'))).toBe(503);
    expect(await outcome(api.get('/b'))).toBe(429);
    expect(fixture.apiRequests).toHaveLength(3);
  });
});
