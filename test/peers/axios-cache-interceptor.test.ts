import { inspect } from 'node:util';
import axios from 'axios';
import { type AxiosCacheInstance, buildMemoryStorage, setupCache } from 'axios-cache-interceptor';
import { describe, expect, it } from 'vitest';
import { attachTo } from '../support/attach-to.ts';
import { startFixture } from '../support/fixture.ts';
import { plan } from '../support/plan.ts';
import { sendJson } from '../support/server.ts';

/** Returns an instance whose cache is set up before or after this package is attached. */
async function cached(order: 'before' | 'after', adapter = 'http') {
  const fixture = await startFixture();
  const storage = buildMemoryStorage();
  const instance = axios.create({ baseURL: fixture.url, proxy: false, adapter });
  if (order === 'before') setupCache(instance, { storage });
  const attachment = attachTo(instance, fixture);
  if (order === 'after') setupCache(instance, { storage });
  return { fixture, storage, api: instance as AxiosCacheInstance, ...attachment };
}

describe.each([
  ['before', 'http'],
  ['after', 'http'],
  ['before', 'fetch'],
  ['after', 'fetch'],
] as const)('when axios-cache-interceptor is set up %s attaching, %s adapter', (order, adapter) => {
  it('refreshes a rejected token, and caches the response to the replay', async () => {
    const { fixture, api } = await cached(order, adapter);
    await api.get('/first');
    fixture.revokeAll();
    expect(await api.get('/data')).toMatchObject({ status: 200, cached: false, data: { url: '/data' } });
    expect(await api.get('/data')).toMatchObject({ status: 200, cached: true, data: { url: '/data' } });
    expect(fixture.apiRequests.map(({ url }) => url)).toEqual(['/first', '/data', '/data']);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('sends equal concurrent requests once, and replays them once', async () => {
    const { fixture, api } = await cached(order, adapter);
    await api.get('/first');
    fixture.revokeAll();
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.get('/data')));
    expect(answers.map(({ data }) => data.url)).toEqual(Array(10).fill('/data'));
    expect(fixture.apiRequests.map(({ url }) => url)).toEqual(['/first', '/data', '/data']);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('does not cache a 401 that is returned to the caller', async () => {
    const { fixture, api } = await cached(order, adapter);
    plan(fixture, 401, 401);
    await expect(api.get('/data')).rejects.toMatchObject({ response: { status: 401 } });
    expect(await api.get('/data')).toMatchObject({ status: 200, cached: false });
    expect(fixture.apiRequests).toHaveLength(3);
  });

  it('revalidates a stale response with the new token, and accepts a 304', async () => {
    const { fixture, api } = await cached(order, adapter);
    fixture.onApi = (request, response) => {
      if (request.headers['if-none-match'] === '"one"') response.writeHead(304, { etag: '"one"' }).end();
      else
        sendJson(response, 200, { n: 1 }, { etag: '"one"', 'cache-control': 'max-age=0, must-revalidate' });
    };
    const options = { cache: { etag: true, interpretHeader: true, ttl: 1 } };
    await api.get('/data', options);
    fixture.revokeAll();
    expect((await api.get('/data', options)).data).toEqual({ n: 1 });
    expect(fixture.apiRequests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      '"one"',
      '"one"',
    ]);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('keeps tokens out of the storage and out of cached responses', async () => {
    const { fixture, api, storage } = await cached(order, adapter);
    fixture.onApi = (_, response) => sendJson(response, 200, {}, { vary: 'authorization' });
    await api.get('/data');
    fixture.revokeAll();
    await api.get('/other');
    const again = await api.get('/data');
    for (const token of fixture.issued) {
      expect(inspect(storage, { depth: 12 })).not.toContain(token);
      expect(inspect(again, { depth: 12 })).not.toContain(token);
    }
  });
});

// These two cases require a cache that is set up first. If axios-retry is attached before the cache, a retry and the cache wait
// for each other, with or without this package. If the cache is set up after attaching, the guard runs before the cache and
// fetches a token even for cached responses.
describe.each(['http', 'fetch'])('when the cache is set up before attaching, %s adapter', (adapter) => {
  const order = 'before';

  it('caches a response after a retry of a 503 and a replay of a 401', async () => {
    const { fixture, api } = await cached(order, adapter);
    await api.get('/first');
    plan(fixture, 503, 401);
    expect((await api.get('/data')).status).toBe(200);
    expect(await api.get('/data')).toMatchObject({ cached: true });
    expect(fixture.apiRequests).toHaveLength(4);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('returns a cached response while no token is available', async () => {
    const { fixture, api, tokens } = await cached(order, adapter);
    await api.get('/data');
    tokens.reject(tokens.current);
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_client' });
    expect(await api.get('/data')).toMatchObject({ status: 200, cached: true, data: { url: '/data' } });
    expect(fixture.tokenRequests).toHaveLength(1);
  });
});
