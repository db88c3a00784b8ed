import { Agent } from 'node:http';
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import otherAxios from 'axios-other-copy';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigurationError } from '../../src/core/errors.ts';
import { createResourceOrigins, lacksBase } from '../../src/core/resource-origins.ts';
import { startFixture } from '../support/fixture.ts';
import { type Handler, type SeenRequest, sendJson, startServer } from '../support/server.ts';

const API = 'https://api.example.com';

const asConfig = (config: object) => config as unknown as InternalAxiosRequestConfig;

/** Returns an attached instance, and a second server on another port, which is another origin. */
async function twoServers(adapter = 'http', answer?: Handler) {
  const fixture = await startFixture();
  const { api } = fixture.attach({}, { adapter });
  await api.get('/first');
  fixture.apiRequests.length = 0;
  const otherRequests: SeenRequest[] = [];
  const other = await startServer((request, response) => {
    otherRequests.push(request);
    return answer ? answer(request, response) : sendJson(response, 200, { elsewhere: true });
  });
  onTestFinished(() => other.close());
  return { fixture, api, other, otherRequests, host: fixture.url.slice('http://'.length) };
}

const redirectTo =
  (location: () => string, status = 302): ((...args: Parameters<Handler>) => boolean) =>
  (request, response) => {
    if (!request.url.startsWith('/redirect')) return false;
    response.writeHead(status, { location: location() }).end();
    return true;
  };

describe('createResourceOrigins', () => {
  const origins = createResourceOrigins(
    [API, 'http://127.0.0.1:8080/some/path'],
    () => 'https://base.example.com/v1',
  );

  it.each<[string, object]>([
    ['a relative URL', { url: '/x', baseURL: API }],
    ['a relative URL without a slash', { url: 'x', baseURL: `${API}/v2/` }],
    ['a config without URL', { baseURL: API }],
    ['the base URL of the instance', { url: '/x', baseURL: 'https://base.example.com/v1' }],
    ['an absolute URL', { url: `${API}/x`, baseURL: 'https://base.example.com' }],
    ['an absolute URL without a path', { url: API }],
    ['an absolute URL with a query and no path', { url: `${API}?to=https://evil.test` }],
    ['a fragment', { url: `${API}#@evil.test` }],
    ['upper case', { url: 'HTTPS://API.EXAMPLE.COM/x' }],
    ['the default port', { url: 'https://api.example.com:443/x' }],
    ['a URL object', { url: new URL(`${API}/x`) }],
    ['a relative URL that contains another URL', { url: '/redirect?to=https://evil.test/', baseURL: API }],
    ['backslashes, which are a path below the base URL', { url: '\\\\evil.test\\x', baseURL: API }],
    ['a loopback address', { url: 'http://127.0.0.1:8080/x' }],
  ])('includes %s', (_, config) => {
    expect(origins.includes(asConfig(config), undefined)).toBe(true);
  });

  it.each<[string, object]>([
    ['another host', { url: 'https://evil.test/x', baseURL: API }],
    ['a host that starts with the host of the API', { url: 'https://api.example.com.evil.test/x' }],
    ['a host that ends with the host of the API', { url: 'https://xapi.example.com/x' }],
    ['a subdomain', { url: 'https://sub.api.example.com/x' }],
    ['the parent domain', { url: 'https://example.com/x' }],
    ['a root label', { url: 'https://api.example.com./x' }],
    ['the host of the API as user', { url: 'https://api.example.com@evil.test/x' }],
    ['the host of the API as user and password', { url: 'https://api.example.com:443@evil.test/x' }],
    ['the host of the API after a backslash', { url: 'https://evil.test\\@api.example.com/x' }],
    ['credentials for the host of the API', { url: 'https://user:password@api.example.com/x' }],
    ['the URL of the API in the path', { url: `https://evil.test/${API}` }],
    ['the URL of the API in the query', { url: `https://evil.test?${API}` }],
    ['the host of the API in the fragment', { url: 'https://evil.test#@api.example.com' }],
    ['a tab in the host', { url: 'https://api.example.com\t.evil.test/x' }],
    ['a newline before the @', { url: 'https://api.example.com\n@evil.test/x' }],
    ['a carriage return in the scheme', { url: 'https://api.example.com\r.evil.test' }],
    ['an ideographic full stop', { url: 'https://api.example.com。evil.test/x' }],
    ['an encoded slash in the host', { url: 'https://api.example.com%2f.evil.test/x' }],
    ['plain http', { url: 'http://api.example.com/x' }],
    ['plain http at the port of https', { url: 'http://api.example.com:443/x' }],
    ['another port', { url: 'https://api.example.com:8443/x' }],
    ['another port on loopback', { url: 'http://127.0.0.1:8081/x' }],
    ['another name of loopback', { url: 'http://localhost:8080/x' }],
    ['another scheme', { url: 'ftp://api.example.com/x' }],
    ['a protocol-relative URL', { url: '//evil.test/x', baseURL: API }],
    ['a protocol-relative URL of the API, which has no scheme', { url: '//api.example.com/x', baseURL: API }],
    ['a base URL of another host', { url: '/x', baseURL: 'https://evil.test' }],
    [
      'a base URL with the host of the API as user',
      { url: '/x', baseURL: 'https://api.example.com@evil.test' },
    ],
    ['a base URL that is only a scheme', { url: '/evil.test/x', baseURL: 'https://' }],
    ['a relative base URL', { url: '/x', baseURL: '/api' }],
    ['a relative URL without base URL', { url: '/x' }],
    ['an invalid absolute URL', { url: 'https://' }],
    [
      'a base URL of another host with allowAbsoluteUrls: false',
      { url: `${API}/x`, baseURL: 'https://evil.test', allowAbsoluteUrls: false },
    ],
  ])('does not include %s', (_, config) => {
    expect(origins.includes(asConfig(config), undefined)).toBe(false);
  });

  it('includes the API base URL of the token, and URLs relative to it', () => {
    const announced = 'https://tenant.example.net/v1';
    expect(origins.includes(asConfig({ url: '/x' }), announced)).toBe(true);
    expect(origins.includes(asConfig({ url: 'https://tenant.example.net/x' }), announced)).toBe(true);
    expect(origins.includes(asConfig({ url: 'https://tenant.example.net/x' }), undefined)).toBe(false);
    expect(origins.includes(asConfig({ url: '/x' }), 'http://tenant.example.net')).toBe(false);
    expect(origins.includes(asConfig({ url: '/x', baseURL: 'https://evil.test' }), announced)).toBe(false);
  });

  it('reads the base URL of the instance at each call', () => {
    let base: string | undefined;
    const late = createResourceOrigins([], () => base);
    const config = asConfig({ url: '/x', baseURL: API });
    expect(late.includes(config, undefined)).toBe(false);
    base = API;
    expect(late.includes(config, undefined)).toBe(true);
    base = 'https://elsewhere.example.com';
    expect(late.includes(config, undefined)).toBe(false);
  });

  it('returns the same result after thousands of other origins', () => {
    for (let n = 0; n < 2000; n++) {
      expect(origins.includesUrl(`https://host-${n}.evil.test/x`, undefined)).toBe(false);
    }
    expect(origins.includesUrl(`${API}/x`, undefined)).toBe(true);
  });

  const pieces = fc.constantFrom(
    ...[
      'https:',
      'http:',
      'ftp:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      '.',
      '?',
      '#',
      ' ',
      '\t',
      '\n',
      '%2f',
      '%40',
      '。',
    ],
    ...[
      'api.example.com',
      'base.example.com',
      'evil.test',
      'user',
      '443',
      '8443',
      'x',
      '',
      '[::1]',
      '//evil.test',
    ],
    ...[
      API,
      'https://evil.test',
      'HTTPS://api.example.com',
      'http://127.0.0.1:8080',
      'https://base.example.com',
    ],
  );
  const text = fc.array(pieces, { maxLength: 5 }).map((parts) => parts.join(''));

  it.each([
    ['the current axios', axios],
    ['axios 1.5.0', otherAxios as unknown as typeof axios],
  ])('never includes a request that %s would send to another origin', (_, copy) => {
    const allowed = [API, 'http://127.0.0.1:8080', 'https://base.example.com', 'https://tenant.example.net'];
    const config = fc.record(
      {
        url: text,
        baseURL: fc.oneof(text, fc.constantFrom(API, 'https://evil.test')),
        allowAbsoluteUrls: fc.boolean(),
      },
      { requiredKeys: ['url'] },
    );
    const announced = fc.constantFrom(undefined, 'https://tenant.example.net/v1');
    let included = 0;
    fc.assert(
      fc.property(config, announced, (request, apiBaseUrl) => {
        if (!origins.includes(asConfig(request), apiBaseUrl)) return;
        included++;
        // The config that the guard sends, and the URL that axios builds from it.
        const sent = { ...request } as AxiosRequestConfig;
        if (apiBaseUrl !== undefined && lacksBase(asConfig(request))) sent.baseURL = apiBaseUrl;
        let target: URL;
        try {
          target = new URL(copy.create().getUri(sent), 'http://localhost');
        } catch {
          return; // axios refuses to send it.
        }
        expect(allowed).toContain(target.origin);
        expect(target.username + target.password).toBe('');
      }),
      { numRuns: 20_000 },
    );
    expect(included).toBeGreaterThan(500);
  });
});

describe.each(['http', 'fetch'])('with the %s adapter', (adapter) => {
  it('sends no token to an absolute URL of another origin, and does not refresh after its 401', async () => {
    const { fixture, api, other, otherRequests } = await twoServers(adapter, (request, response) =>
      sendJson(response, request.url === '/refused' ? 401 : 200, { elsewhere: true }),
    );
    expect((await api.get(`${other.url}/data`)).data).toEqual({ elsewhere: true });
    await expect(api.post(`${other.url}/refused`, { n: 1 })).rejects.toMatchObject({
      name: 'AxiosError',
      response: { status: 401 },
    });
    expect(otherRequests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends no token to another base URL of a request', async () => {
    const { fixture, api, other, otherRequests } = await twoServers(adapter);
    await api.get('/data', { baseURL: other.url });
    await api.get('data', { baseURL: `${other.url}/` });
    // axios sends this to the base URL, with the URL as its path.
    await api.get(`${fixture.url}/data`, { baseURL: other.url, allowAbsoluteUrls: false });
    expect(otherRequests).toHaveLength(3);
    expect(otherRequests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends no token with allowAbsoluteUrls: false and a URL of another origin', async () => {
    // axios before 1.8 ignores the option and sends the request to the other host.
    const { fixture, api, other, otherRequests } = await twoServers(adapter);
    const url = `${other.url}/data`;
    await expect(api.get(url, { allowAbsoluteUrls: false })).rejects.toMatchObject({
      response: { status: 401 },
    });
    expect(otherRequests).toHaveLength(0);
    expect(fixture.apiRequests.map((request) => [request.url, request.headers.authorization])).toEqual([
      [`/${url}`, undefined],
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends the token with allowAbsoluteUrls: false and a URL of the same origin', async () => {
    const { fixture, api } = await twoServers(adapter);
    const url = `${fixture.url}/data`;
    expect((await api.get(url, { allowAbsoluteUrls: false })).data).toEqual({ ok: true, url: `/${url}` });
  });

  it('sends no token to another host through a misleading URL', async () => {
    const { fixture, api, other, otherRequests, host } = await twoServers(adapter);
    const target = other.url.slice('http://'.length);
    for (const url of [
      `http://${host}@${target}/data`,
      `http://user:${host}@${target}/data`,
      `http://${target}\\@${host}/data`,
      `http://${target}\t/data`,
      `HTTP://${target}/data#@${host}`,
      `//${target}/data`,
      `http:\\\\${target}/data`,
      `\t${other.url}/data`,
      `http:/\t/${target}/data`,
    ]) {
      await api.get(url).catch(() => {});
    }
    expect(otherRequests.length).toBeGreaterThan(1);
    expect(
      otherRequests
        .map(({ headers }) => headers.authorization ?? '')
        .filter((value) => /bearer/i.test(value)),
    ).toEqual([]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends the token to an absolute URL of the same origin, and replays its 401', async () => {
    const { fixture, api } = await twoServers(adapter);
    fixture.revokeAll();
    expect((await api.get(`${fixture.url}/data`)).status).toBe(200);
    expect((await api.get(`${fixture.url.toUpperCase()}/data`)).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('treats another name of the same server as another origin', async () => {
    const { fixture, api } = await twoServers(adapter);
    const { port } = new URL(fixture.url);
    await expect(api.get(`http://localhost:${port}/data`)).rejects.toMatchObject({
      response: { status: 401 },
    });
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends the token to an origin of resourceOrigins, and replays its 401', async () => {
    const first = await startFixture();
    const second = await startFixture();
    const { api } = first.attach({ resourceOrigins: [`${second.url}/ignored/path`] }, { adapter });
    second.valid = first.valid;
    await api.get(`${second.url}/data`);
    first.revokeAll();
    await api.get(`${second.url}/data`);
    expect(second.apiRequests.map(({ headers }) => headers.authorization)).toEqual(
      [0, 0, 1].map((index) => `Bearer ${first.issued[index]}`),
    );
    expect(first.tokenRequests).toHaveLength(2);
  });

  it('sends no token with authRefresh: false, and does not refresh after its 401', async () => {
    const { fixture, api } = await twoServers(adapter);
    await expect(api.get('/data', { authRefresh: false })).rejects.toMatchObject({
      response: { status: 401 },
    });
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(await api.get('/data')).toMatchObject({ status: 200 });
  });

  it.each(['Authorization', 'authorization', 'AUTHORIZATION', 'aUTHORIZATION'])(
    "sends the caller's own %s header unchanged, and returns its 401",
    async (name) => {
      const { fixture, api } = await twoServers(adapter);
      const headers = { [name]: 'Basic bWU6bXk=' };
      await expect(api.post('/data', {}, { headers })).rejects.toMatchObject({ response: { status: 401 } });
      expect(fixture.apiRequests.map((request) => request.headers.authorization)).toEqual(['Basic bWU6bXk=']);
      expect(fixture.tokenRequests).toHaveLength(1);
    },
  );

  it('sends the Authorization of an interceptor unchanged, and returns its 401', async () => {
    const { fixture, api } = await twoServers(adapter);
    api.interceptors.request.use((config) => {
      config.headers.set('authorization', 'Bearer of-another-system');
      return config;
    });
    await expect(api.get('/data')).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer of-another-system',
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends no token with Authorization: false', async () => {
    const { fixture, api } = await twoServers(adapter);
    const headers = { Authorization: false } as unknown as Record<string, string>;
    await expect(api.get('/data', { headers })).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.map((request) => request.headers.authorization)).toEqual([undefined]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends the auth option of axios instead of a token', async () => {
    const { fixture, api } = await twoServers(adapter);
    const auth = { username: 'me', password: 'my' };
    await expect(api.get('/data', { auth })).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('me:my').toString('base64')}`,
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])('drops the token at a %i to another origin', async (status) => {
    const { fixture, api, other, otherRequests } = await twoServers(adapter);
    fixture.beforeApi = redirectTo(() => `${other.url}/landed`, status);
    expect((await api.post('/redirect', { n: 1 })).data).toEqual({ elsewhere: true });
    expect(otherRequests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/landed', undefined],
    ]);
    expect(fixture.apiRequests[0]?.headers.authorization).toBe(`Bearer ${fixture.issued[0]}`);
  });

  it('neither refreshes nor replays after a 401 of another origin behind a redirect', async () => {
    const { fixture, api, other, otherRequests } = await twoServers(adapter, (_, response) =>
      sendJson(response, 401, { who: 'elsewhere' }),
    );
    fixture.beforeApi = redirectTo(() => `${other.url}/landed`);
    await expect(api.get('/redirect')).rejects.toMatchObject({
      name: 'AxiosError',
      response: { status: 401, data: { who: 'elsewhere' } },
    });
    expect(otherRequests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(fixture.apiRequests).toHaveLength(1);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])('keeps the token at a %i within the origin', async (status) => {
    const { fixture, api } = await twoServers(adapter);
    fixture.beforeApi = redirectTo(() => '/landed', status);
    expect((await api.get('/redirect')).data).toEqual({ ok: true, url: '/landed' });
    expect(fixture.apiRequests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/redirect', `Bearer ${fixture.issued[0]}`],
      ['/landed', `Bearer ${fixture.issued[0]}`],
    ]);
  });

  it('replays a 401 after a redirect within the origin from the start', async () => {
    const { fixture, api } = await twoServers(adapter);
    fixture.beforeApi = redirectTo(() => `${fixture.url}/landed`);
    fixture.revokeAll();
    expect((await api.get('/redirect')).data).toEqual({ ok: true, url: '/landed' });
    expect(fixture.apiRequests.map(({ url }) => url)).toEqual([
      '/redirect',
      '/landed',
      '/redirect',
      '/landed',
    ]);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});

describe('redirects with the http adapter', () => {
  it('drops the token at a redirect to another origin and back, and fetches no token after the 401', async () => {
    const { fixture, api, other } = await twoServers('http', (_, response) => {
      response.writeHead(302, { location: `${fixture.url}/back` }).end();
    });
    fixture.beforeApi = redirectTo(() => `${other.url}/away`);
    await expect(api.get('/redirect')).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/redirect', `Bearer ${fixture.issued[0]}`],
      ['/back', undefined],
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('fetches no token after a redirect to another resource origin, where axios may drop the token', async () => {
    const first = await startFixture();
    const second = await startFixture();
    const { api } = first.attach({ resourceOrigins: [second.url] });
    second.valid = first.valid;
    await api.get('/first');
    first.beforeApi = redirectTo(() => `${second.url}/landed`);
    const status = await api.get('/redirect').then(
      (response) => response.status,
      (error) => error.response.status,
    );
    // Whether axios keeps the token or not, a new token would not help.
    expect(status).toBe(second.apiRequests[0]?.headers.authorization ? 200 : 401);
    expect(second.apiRequests).toHaveLength(1);
    expect(first.tokenRequests).toHaveLength(1);
  });

  it('drops the token at a redirect to a subdomain', async () => {
    const fixture = await startFixture();
    const { port } = new URL(fixture.url);
    const httpAgent = new Agent({
      lookup: (_name, options, done) =>
        options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    });
    const { api } = fixture.attach({}, { baseURL: `http://localhost:${port}`, httpAgent });
    fixture.beforeApi = redirectTo(() => `http://evil.localhost:${port}/landed`);
    await expect(api.get('/redirect')).rejects.toMatchObject({ response: { status: 401 } });
    const seen = fixture.apiRequests.map(({ headers }) => [headers.host, headers.authorization]);
    expect(seen).toEqual([
      [`localhost:${port}`, `Bearer ${fixture.issued[0]}`],
      [`evil.localhost:${port}`, undefined],
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
    httpAgent.destroy();
  });

  it("calls the caller's beforeRedirect, which may stop the redirect", async () => {
    const { fixture, api, other, otherRequests } = await twoServers();
    fixture.beforeApi = redirectTo(() => `${other.url}/landed`);
    const hrefs: unknown[] = [];
    await api.get('/redirect', { beforeRedirect: ({ href }) => void hrefs.push(href) });
    expect(hrefs).toEqual([`${other.url}/landed`]);
    const stop = () => {
      throw new Error('no redirects here');
    };
    await expect(api.get('/redirect', { beforeRedirect: stop })).rejects.toThrow('no redirects here');
    expect(otherRequests).toHaveLength(1);
  });

  it('replays a 401 and returns a redirect with maxRedirects 0', async () => {
    const { fixture, api, other, otherRequests } = await twoServers();
    fixture.revokeAll();
    expect((await api.get('/data', { maxRedirects: 0 })).status).toBe(200);
    fixture.beforeApi = redirectTo(() => `${other.url}/landed`);
    await expect(api.get('/redirect', { maxRedirects: 0 })).rejects.toMatchObject({
      response: { status: 302 },
    });
    expect(otherRequests).toHaveLength(0);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});

describe('attachAuthRefresh', () => {
  it('sends the token to a base URL that is set after attachAuthRefresh', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { baseURL: '' });
    await expect(api.get(`${fixture.url}/data`)).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.tokenRequests).toHaveLength(0);
    api.defaults.baseURL = fixture.url;
    expect((await api.get('/data')).status).toBe(200);
    expect((await api.get(`${fixture.url}/data`)).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each([
    'http://api.example.com',
    'https://user:secret-word@api.example.com',
    'api.example.com',
    '//api.example.com',
    'ftp://api.example.com',
    'http://127.0.0.1.evil.test',
    'http://localhost.evil.test',
    '*',
    '',
  ])('rejects %j as a resource origin without quoting credentials', async (origin) => {
    const fixture = await startFixture();
    const attach = () => fixture.attach({ resourceOrigins: [origin] });
    expect(attach).toThrow(ConfigurationError);
    expect(attach).toThrow(/resourceOrigins/);
    expect(attach).not.toThrow(/secret-word/);
  });
});
