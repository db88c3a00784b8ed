import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AuthRefreshEvent, Vendor } from '../../src/index.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { startFixture } from '../support/fixture.ts';
import { sendJson, startServer } from '../support/server.ts';

const skipped = (events: AuthRefreshEvent[]) => events.filter(({ type }) => type === 'request-skipped');

describe('the event request-skipped', () => {
  it.each([
    ['opted-out', { url: '/data?key=1', authRefresh: false as const }],
    ['own-credentials', { url: '/data', headers: { Authorization: 'Bearer mine' } }],
    ['own-credentials', { url: '/data', auth: { username: 'u', password: 'p' } }],
  ])('names the reason %s and the status', async (reason, config) => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach();
    await expect(api.request(config)).rejects.toMatchObject({ status: 401 });
    expect(events).toEqual([{ type: 'request-skipped', reason, method: 'GET', url: '/data', status: 401 }]);
  });

  it.each([
    ['foreign-origin', (url: string) => `${url}/x`],
    ['own-credentials', (url: string) => `${url.replace('//', '//user:password@')}/x`],
  ])('names the reason %s for another URL', async (reason, urlOf) => {
    const other = await startServer((_, response) => sendJson(response, 200, {}));
    onTestFinished(() => other.close());
    const fixture = await startFixture();
    const { api, events } = fixture.attach();
    await api.get(urlOf(other.url));
    expect(events).toEqual([
      { type: 'request-skipped', reason, method: 'GET', url: `${other.url}/x`, status: 200 },
    ]);
  });

  it('names the reason insecure-origin if baseURL is set to plain http after the attachment', async () => {
    const fixture = await startFixture();
    const lookup = (_: string, __: object, done: (...result: unknown[]) => void) =>
      done(null, '127.0.0.1', 4);
    const { api, events } = fixture.attach({}, { lookup } as object);
    api.defaults.baseURL = fixture.url.replace('127.0.0.1', 'reports-api');
    await expect(api.get('/data')).rejects.toMatchObject({ status: 401 });
    expect(events).toMatchObject([{ type: 'request-skipped', reason: 'insecure-origin', status: 401 }]);
  });

  it('has no status if there was no answer', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({ retry: false });
    fixture.beforeApi = (_, response) => {
      response.destroy();
      return true;
    };
    await expect(api.get('/data', { authRefresh: false })).rejects.toThrow();
    expect(skipped(events)).toEqual([
      { type: 'request-skipped', reason: 'opted-out', method: 'GET', url: '/data' },
    ]);
  });

  it('is emitted once for a request that is retried', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach();
    fixture.beforeApi = (_, response) => {
      sendJson(response, 503, {});
      return true;
    };
    await expect(api.get('/data', { authRefresh: false })).rejects.toMatchObject({ status: 503 });
    expect(fixture.apiRequests).toHaveLength(4);
    expect(skipped(events)).toHaveLength(1);
  });
});

describe('a request without a token on an instance without baseURL', () => {
  const configs = [
    ['that opts out', { authRefresh: false as const }],
    ['with its own header', { headers: { Authorization: 'Bearer mine' } }],
    ['with HTTP Basic', { auth: { username: 'u', password: 'p' } }],
  ] as const;

  it.each(configs)('%s goes to the API of the vendor', async (_, config) => {
    const fixture = await startFixture();
    fixture.beforeApi = (_request, response) => {
      sendJson(response, 200, {});
      return true;
    };
    const vendor = { ...fixture.vendor(), apiBaseUrl: `${fixture.url}/api/` };
    const { api } = fixture.attach({ vendor }, { baseURL: undefined } as object);
    expect((await api.get('/users', config)).status).toBe(200);
    expect(fixture.apiRequests[0]?.url).toBe('/api/users');
    expect(`${fixture.apiRequests[0]?.headers.authorization}`).not.toContain('token-');
    expect(fixture.tokenRequests).toHaveLength(0);
  });

  it.each(configs)(
    '%s rejects while the vendor has not announced its API, and works later',
    async (_, config) => {
      const fixture = await startFixture();
      fixture.beforeApi = (_request, response) => {
        sendJson(response, 200, {});
        return true;
      };
      const vendor: Vendor = {
        ...fixture.vendor(),
        announcesApi: true,
        grant: async () => ({ accessToken: 'token', apiBaseUrl: fixture.url, lifetime: 1 }),
      };
      const api = axios.create({ proxy: false });
      const { tokens } = attachAuthRefresh(api, { vendor });
      await expect(api.get('/users', config)).rejects.toMatchObject({
        name: 'AuthRefreshError',
        code: 'ERR_NO_TOKEN',
        message: expect.stringMatching(/tokens\.getToken\(\).*baseURL/),
      });
      await tokens.getToken();
      await new Promise((resolve) => setTimeout(resolve, 5));
      // The token has expired, but its announcement holds.
      expect(tokens.current).toBeUndefined();
      expect((await api.get('/users', config)).status).toBe(200);
    },
  );
});

describe('allowInsecureOrigins', () => {
  const lookup = (_: string, __: object, done: (...result: unknown[]) => void) => done(null, '127.0.0.1', 4);

  it.each(['', '/', '/api/v2'])(
    'permits the token for a baseURL with plain http and the path "%s"',
    async (path) => {
      const fixture = await startFixture();
      const origin = fixture.url.replace('127.0.0.1', 'reports-api');
      const options = { allowInsecureOrigins: [`${origin}${path}`] };
      const { api } = fixture.attach(options, { baseURL: `${origin}${path}`, lookup } as object);
      expect((await api.get('/data')).status).toBe(200);
      // Also for a URL of another instance, and for no other port.
      const { api: other, events } = fixture.attach(options, { lookup } as object);
      expect((await other.get(`${origin}/data`)).status).toBe(200);
      await expect(other.get('http://reports-api:1/data', { timeout: 500 })).rejects.toThrow();
      expect(skipped(events)).toMatchObject([{ reason: 'insecure-origin' }]);
    },
  );

  it('permits resourceOrigins with the same origin', async () => {
    const fixture = await startFixture();
    const origins = ['http://reports-api:8080'];
    fixture.attach({ resourceOrigins: origins, allowInsecureOrigins: origins });
  });

  it.each<[string, object, RegExp]>([
    [
      'a baseURL with plain http',
      { baseURL: 'http://reports-api:8080/v1' },
      /allowInsecureOrigins: \['http:\/\/reports-api:8080'\]/,
    ],
    [
      'a baseURL at another port',
      { baseURL: 'http://reports-api:81', allow: ['http://reports-api'] },
      /'http:\/\/reports-api:81'/,
    ],
    [
      'a baseURL with plain http and credentials',
      { baseURL: 'http://u:secret@reports-api' },
      /\['http:\/\/reports-api'\]/,
    ],
    [
      'an origin that is not a URL',
      { allow: ['reports-api'] },
      /allowInsecureOrigins: "reports-api" is not a URL/,
    ],
    [
      'an origin with another scheme',
      { allow: ['ftp://reports-api'] },
      /allowInsecureOrigins: "ftp:\/\/reports-api" is not https/,
    ],
    ['an origin with credentials', { allow: ['http://u:secret@reports-api'] }, /holds credentials/],
  ])('refuses %s', async (_, { baseURL, allow }: { baseURL?: string; allow?: string[] }, message) => {
    const fixture = await startFixture();
    const attach = () => fixture.attach({ allowInsecureOrigins: allow }, { baseURL } as object);
    expect(attach).toThrow(message);
    expect(attach).not.toThrow(/secret/);
  });
});

describe('authRefresh: { refresh: false }', () => {
  const held = { authRefresh: { refresh: false } };

  it('rejects if no token was fetched yet', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await expect(api.get('/data', held)).rejects.toMatchObject({
      name: 'AuthRefreshError',
      code: 'ERR_NO_TOKEN',
      message: expect.stringContaining('tokens.getToken()'),
    });
    expect(fixture.tokenRequests).toHaveLength(0);
    expect(fixture.apiRequests).toHaveLength(0);
  });

  it.each<[string, (tokens: { reject(token: unknown): void; current: unknown }) => void, number]>([
    ['fresh', () => {}, 3600],
    ['rejected', (tokens) => tokens.reject(tokens.current), 3600],
    ['expired', () => {}, 0.001],
  ])('sends a token that is %s without a refresh', async (_, prepare, lifetime) => {
    const fixture = await startFixture();
    fixture.lifetime = lifetime;
    const { api, tokens, events } = fixture.attach();
    await tokens.getToken();
    await new Promise((resolve) => setTimeout(resolve, 5));
    prepare(tokens as never);
    expect((await api.get('/data', held)).status).toBe(200);
    fixture.revokeAll();
    await expect(api.get('/data', held)).rejects.toMatchObject({ name: 'AxiosError', status: 401 });
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(['refresh-started', 'refresh-succeeded']);
  });

  it('leaves the token to other requests', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/data');
    fixture.revokeAll();
    await expect(api.get('/data', held)).rejects.toMatchObject({ status: 401 });
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});
