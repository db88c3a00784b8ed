import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { inspect } from 'node:util';
import axios, { type AxiosInstance } from 'axios';
import axiosOtherCopy from 'axios-other-copy';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAuthRefreshError } from '../../src/core/errors.ts';
import type { AuthRefreshEvent } from '../../src/core/events.ts';
import { clientSecretPost } from '../../src/oauth/client-authentication.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { CLIENT_SECRET, type Fixture, startFixture } from '../support/fixture.ts';
import { leaks } from '../support/leaks.ts';
import { type Handler, type SeenRequest, sendJson, startServer } from '../support/server.ts';
import { storeWith } from '../support/store-with.ts';

const BASIC = Buffer.from(`client:${CLIENT_SECRET}`).toString('base64');
const REFRESH_TOKEN = 'Refresh-token-of-the-user';

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('the request succeeded'),
    (error: Error) => error,
  );

function expectNoLeak(value: unknown, fixture: Fixture, ...more: string[]): void {
  expect(leaks(value, [CLIENT_SECRET, BASIC, REFRESH_TOKEN, ...fixture.issued, ...more])).toEqual([]);
}

/** Sends requests to `/held` that get no response, so that they stay on their sockets. */
async function holdRequests(fixture: Fixture, api: AxiosInstance, count = 3): Promise<void> {
  const { beforeApi } = fixture;
  fixture.beforeApi = (request, response) =>
    request.url.startsWith('/held') || (beforeApi?.(request, response) ?? false);
  // Otherwise the requests would be retried after the end of the test, and could reach the server of a later test on the same port.
  const held = new AbortController();
  onTestFinished(() => held.abort());
  for (let i = 0; i < count; i++) api.get(`/held/${i}`, { signal: held.signal }).catch(() => {});
  await expect
    .poll(() => fixture.apiRequests.filter(({ url }) => url.startsWith('/held')).length)
    .toBe(count);
}

function keepAliveAgent(): Agent {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return agent;
}

const always401: NonNullable<Fixture['beforeApi']> = (request, response) => {
  if (request.url.startsWith('/held')) return false;
  sendJson(response, 401, { code: 'bad.credentials' });
  return true;
};

describe('leaks', () => {
  it('finds a token in an error of plain axios with every serializer', async () => {
    const fixture = await startFixture();
    const error = await failureOf(
      axios.get(`${fixture.url}/data`, { headers: { Authorization: 'Bearer plain-token-1' }, proxy: false }),
    );
    const found = leaks(error, ['plain-token-1']).map((leak) => leak.split(':')[0]);
    for (const name of ['JSON.stringify', 'toJSON', 'inspect, depth 10', 'inspect, any depth', 'walk']) {
      expect(found).toContain(name);
    }
  });

  it('finds the Basic header and a secret in a cause', () => {
    const error = new Error('outer', {
      cause: Object.assign(new Error('inner'), { header: `Basic ${BASIC}` }),
    });
    expect(leaks(error, [BASIC])).not.toEqual([]);
    expect(leaks(error, [`client:${CLIENT_SECRET}`])).not.toEqual([]);
  });
});

interface ApiCase {
  name: string;
  /** Handles the request `/case`. @default the fixture handles it */
  onApi?: Handler;
  fail: (api: AxiosInstance, fixture: Fixture) => Promise<unknown>;
  expected: Record<string, unknown>;
  /** @default ['http', 'fetch'] */
  adapters?: string[];
}

const status =
  (code: number, body: unknown = { code: 'x' }): Handler =>
  (_request, response) =>
    sendJson(response, code, body);

const API_CASES: ApiCase[] = [
  {
    name: 'a second 401',
    onApi: status(401),
    fail: (api) => api.get('/case'),
    expected: { status: 401, code: 'ERR_BAD_REQUEST' },
  },
  {
    name: 'a 401 that does not reject the token',
    onApi: (_, response) =>
      sendJson(response, 401, {}, { 'www-authenticate': 'Bearer error="insufficient_scope"' }),
    fail: (api) => api.get('/case'),
    expected: { status: 401 },
  },
  { name: 'a 500', onApi: status(500), fail: (api) => api.get('/case'), expected: { status: 500 } },
  {
    name: 'a 503 after all retries',
    onApi: status(503),
    fail: (api) => api.get('/case'),
    expected: { status: 503 },
  },
  {
    name: 'a network error',
    onApi: (_, response) => void response.destroy(),
    fail: (api) => api.get('/case'),
    expected: { code: expect.stringMatching(/ECONNRESET|ERR_NETWORK/) },
  },
  {
    name: 'an incomplete response',
    onApi: (_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"half":');
      setTimeout(() => response.destroy(), 5);
    },
    fail: (api) => api.get('/case'),
    expected: { isAxiosError: true },
  },
  {
    name: 'a timeout',
    onApi: () => {},
    fail: (api) => api.post('/case', {}, { timeout: 50 }),
    expected: { code: expect.stringMatching(/ECONNABORTED|ETIMEDOUT/) },
  },
  {
    name: 'an abort during the response',
    onApi: () => {},
    fail: (api) => api.get('/case', { signal: AbortSignal.timeout(50) }),
    expected: { code: 'ERR_CANCELED' },
  },
  {
    name: 'a cancel token during the response',
    onApi: () => {},
    fail(api) {
      const source = axios.CancelToken.source();
      setTimeout(() => source.cancel('enough'), 30);
      return api.get('/case', { cancelToken: source.token });
    },
    expected: { code: 'ERR_CANCELED', message: 'enough' },
  },
  {
    name: 'invalid JSON',
    onApi: (_, response) => void response.end('{"half":'),
    fail: (api) => api.get('/case', { responseType: 'json', transitional: { silentJSONParsing: false } }),
    expected: { name: 'SyntaxError', code: 'ERR_BAD_RESPONSE' },
  },
  {
    name: 'a body over maxContentLength',
    onApi: (_, response) => void response.end('x'.repeat(10_000)),
    fail: (api) => api.get('/case', { maxContentLength: 1000 }),
    expected: { message: expect.stringContaining('maxContentLength') },
  },
  {
    name: 'a request body over maxBodyLength',
    fail: (api) => api.post('/case', 'x'.repeat(10_000), { maxBodyLength: 1000 }),
    expected: { message: expect.stringContaining('maxBodyLength') },
  },
  {
    name: 'a stream response with status 500',
    onApi: status(500),
    fail: (api) => api.get('/case', { responseType: 'stream' }),
    expected: { status: 500 },
  },
  {
    name: 'a compressed stream response with status 500',
    onApi: (_, response) => void response.writeHead(500, { 'content-encoding': 'gzip' }).end('x'),
    fail: (api) => api.get('/case', { responseType: 'stream' }),
    expected: { status: 500 },
  },
  {
    name: 'a stream response with status 401',
    onApi: status(401),
    fail: (api) => api.get('/case', { responseType: 'stream' }),
    expected: { status: 401 },
  },
  {
    name: 'a stream response with a progress listener',
    onApi: status(500),
    fail: (api) => api.get('/case', { responseType: 'stream', onDownloadProgress: () => {} }),
    expected: { status: 500 },
  },
  {
    name: 'too many redirects',
    onApi: (_, response) => void response.writeHead(302, { location: '/case' }).end(),
    fail: (api) => api.get('/case', { maxRedirects: 2 }),
    expected: { isAxiosError: true },
    adapters: ['http'],
  },
  {
    name: 'a redirect with maxRedirects 0',
    onApi: (_, response) => void response.writeHead(302, { location: '/case' }).end(),
    fail: (api) => api.get('/case', { maxRedirects: 0 }),
    expected: { isAxiosError: true },
    adapters: ['http'],
  },
  {
    name: 'a response transformer that throws',
    fail: (api) =>
      api.get('/case', {
        transformResponse: () => {
          throw new Error('broken transformer');
        },
      }),
    expected: { message: 'broken transformer' },
  },
  {
    name: 'shouldRefresh that throws',
    onApi: status(401),
    fail: (api) => api.get('/case', { headers: { 'x-broken': '1' } }),
    expected: { code: 'ERR_CALLBACK', status: 401 },
  },
  {
    name: 'a body factory that throws',
    fail: (api) =>
      api.post('/case', undefined, {
        authRefresh: {
          body: () => {
            throw new Error('broken factory');
          },
        },
      }),
    expected: { code: 'ERR_CALLBACK' },
  },
  {
    name: 'a failed request with authRefresh: false',
    fail: (api) => api.get('/case', { authRefresh: false }),
    expected: { status: 401 },
  },
  {
    name: 'a network error with authRefresh: false',
    onApi: (_, response) => void response.destroy(),
    fail: (api) => api.get('/case', { authRefresh: false }),
    expected: { code: expect.stringMatching(/ECONNRESET|ERR_NETWORK/) },
  },
];

describe.each(['http', 'fetch'])('the error of a request through the %s adapter', (adapter) => {
  const cases = API_CASES.filter(({ adapters = ['http', 'fetch'] }) => adapters.includes(adapter));
  const variants = [
    { traffic: 'alone', agent: false },
    { traffic: 'while other requests are in flight', agent: false },
    { traffic: 'while other requests are in flight on the keep-alive agent of the instance', agent: true },
  ];

  describe.each(adapter === 'http' ? variants : variants.slice(0, 2))('$traffic', ({ traffic, agent }) => {
    it.each(cases)('contains no secret after $name', async ({ onApi, fail, expected }) => {
      const fixture = await startFixture();
      const { api } = fixture.attach(
        {
          shouldRefresh: (response) => {
            if (response.config.headers.has('x-broken')) throw new Error('broken shouldRefresh');
            return undefined;
          },
        },
        { adapter, ...(agent && { httpAgent: keepAliveAgent() }) },
      );
      await api.get('/first');
      fixture.beforeApi = async (request, response) => {
        if (!request.url.startsWith('/case') || !onApi) return false;
        await onApi(request, response);
        return true;
      };
      if (traffic !== 'alone') await holdRequests(fixture, api);
      const error = await failureOf(fail(api, fixture));
      expect(error).toMatchObject(expected);
      expectNoLeak(error, fixture);
      expect(inspect(error)).not.toContain('Bearer token-');
    });
  });
});

describe('the error of a stream', () => {
  it('contains no secret after an abort during a download', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    fixture.onApi = (_, response) => void response.writeHead(200).write('the beginning');
    const controller = new AbortController();
    const { data } = await api.get<Readable>('/download', {
      responseType: 'stream',
      signal: controller.signal,
    });
    const ended = failureOf(finished(data.resume()));
    controller.abort();
    expectNoLeak(await ended, fixture);
  });

  it('contains no secret after a download over maxContentLength', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    fixture.onApi = (_, response) => void response.end('x'.repeat(10_000));
    const { data } = await api.get<Readable>('/download', { responseType: 'stream', maxContentLength: 1000 });
    const error = await failureOf(finished(data.resume()));
    expect(error.message).toContain('maxContentLength');
    expectNoLeak(error, fixture);
  });

  it('contains no secret after a web stream over maxContentLength', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter: 'fetch' });
    fixture.onApi = (_, response) => {
      response.write('x'.repeat(10)); // Chunked, because axios rejects at once with a Content-Length.
      setTimeout(() => response.end('x'.repeat(10_000)), 10);
    };
    const { data } = await api.get<ReadableStream>('/download', {
      responseType: 'stream',
      maxContentLength: 1000,
    });
    const reader = data.getReader();
    const error = await failureOf(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    );
    expect(error.message).toContain('maxContentLength');
    expectNoLeak(error, fixture);
  });

  it('contains no secret after a refused upload', async () => {
    const fixture = await startFixture();
    // This server does not wait for the end of the body.
    const server = createServer((_, response) => sendJson(response, 401, { code: 'bad.credentials' }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const { api } = fixture.attach(
      {},
      { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    );
    const endless = new Readable({ read() {} });
    onTestFinished(() => void endless.destroy());
    endless.push('x'.repeat(1000));
    const error = await failureOf(api.post('/upload', endless));
    expect(error).toMatchObject({ status: 401 });
    expectNoLeak(error, fixture);
  });

  it('contains no secret after an upload over maxBodyLength', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const error = await failureOf(
      api.post('/upload', Readable.from(['x'.repeat(50), 'y'.repeat(5000)]), { maxBodyLength: 1000 }),
    );
    expect(error.message).toContain('maxBodyLength');
    expectNoLeak(error, fixture);
  });
});

interface TokenCase {
  name: string;
  onToken?: Handler;
  options?: (fixture: Fixture) => Parameters<Fixture['attach']>[0];
  expected: Record<string, unknown>;
}

const vendorOf = (fixture: Fixture, options: Partial<Parameters<typeof oauth2Vendor>[0]> = {}) =>
  oauth2Vendor({
    tokenEndpoint: `${fixture.url}/oauth/token`,
    clientId: 'client',
    clientSecret: CLIENT_SECRET,
    ...options,
  });

const TOKEN_CASES: TokenCase[] = [
  {
    name: 'ERR_TOKEN_ENDPOINT',
    onToken: status(401, { error: 'invalid_client', error_description: 'unknown client' }),
    expected: { code: 'ERR_TOKEN_ENDPOINT', cause: { name: 'TokenEndpointError', error: 'invalid_client' } },
  },
  {
    name: 'ERR_TOKEN_REQUEST for a 500',
    onToken: status(500),
    expected: { code: 'ERR_TOKEN_REQUEST', cause: { name: 'TokenRequestError', status: 500 } },
  },
  {
    name: 'ERR_TOKEN_REQUEST for a network error',
    onToken: (_, response) => void response.destroy(),
    expected: { code: 'ERR_TOKEN_REQUEST', cause: { name: 'TokenRequestError' } },
  },
  {
    name: 'ERR_TOKEN_TIMEOUT',
    onToken: () => {},
    options: () => ({ tokenTimeout: 60 }),
    expected: { code: 'ERR_TOKEN_TIMEOUT' },
  },
  {
    name: 'ERR_TOKEN_THROTTLED',
    onToken: status(429),
    expected: { code: 'ERR_TOKEN_THROTTLED', cause: { status: 429 } },
  },
  {
    name: 'ERR_TOKEN_RESPONSE',
    onToken: (_, response) =>
      sendJson(response, 200, { access_token: 'hidden-access-token\n', refresh_token: REFRESH_TOKEN }),
    expected: { code: 'ERR_TOKEN_RESPONSE', cause: { name: 'TokenResponseError' } },
  },
  {
    name: 'ERR_TOKEN_RESPONSE for text that contains tokens',
    onToken: (_, response) =>
      void response.end(`access_token=hidden-access-token&refresh_token=${REFRESH_TOKEN}`),
    expected: { code: 'ERR_TOKEN_RESPONSE' },
  },
  {
    name: 'ERR_CALLBACK',
    options: (fixture) => ({
      vendor: vendorOf(fixture, { clientSecret: () => Promise.reject(new Error('vault sealed')) }),
    }),
    expected: { code: 'ERR_CALLBACK', cause: { message: expect.stringContaining('vault sealed') } },
  },
  {
    name: 'ERR_TOKEN_ENDPOINT for a redirect',
    onToken: (_, response) => void response.writeHead(307, { location: 'https://elsewhere.example/' }).end(),
    expected: { code: 'ERR_TOKEN_ENDPOINT', cause: { status: 307 } },
  },
];

describe('the error of a failed token request', () => {
  it.each(TOKEN_CASES)(
    'contains no secret: $name without a previous token, also when the error is repeated',
    async ({ onToken, options, expected }) => {
      const fixture = await startFixture();
      fixture.onToken = onToken;
      const { api, events } = fixture.attach({ tokenRetries: 1, tokenRetryDelay: 1, ...options?.(fixture) });
      for (let i = 0; i < 2; i++) {
        const error = await failureOf(api.get('/data'));
        expect(isAuthRefreshError(error)).toBe(true);
        expect(error).toMatchObject(expected);
        expectNoLeak(error, fixture, 'hidden-access-token');
      }
      for (const event of events) expectNoLeak(event, fixture, 'hidden-access-token');
    },
  );

  it.each(TOKEN_CASES)('contains no secret: $name after a 401', async ({ onToken, options, expected }) => {
    const fixture = await startFixture();
    const custom = options?.(fixture);
    const fetched = vendorOf(fixture);
    let first = true;
    const vendor = custom?.vendor ?? fetched;
    const { api } = fixture.attach(
      {
        tokenRetries: 1,
        tokenRetryDelay: 1,
        ...custom,
        vendor: { ...vendor, grant: (context) => (first ? fetched : vendor).grant(context) },
      },
      { httpAgent: keepAliveAgent() },
    );
    await api.get('/first');
    first = false;
    await holdRequests(fixture, api);
    fixture.revokeAll();
    fixture.onToken = onToken;
    const error = await failureOf(api.get('/data'));
    expect(error).toMatchObject({ ...expected, status: 401, response: { status: 401 } });
    expectNoLeak(error, fixture, 'hidden-access-token');
  });

  const ODD_SECRET = `S3cret (it's "odd" & 100 %)~!`;
  const field = (request: SeenRequest, name: string) =>
    new URLSearchParams(request.body.toString()).get(name) ?? '';

  it.each<{ name: string; echo: (request: SeenRequest) => string; post?: boolean }>([
    { name: 'the secret', echo: () => ODD_SECRET },
    { name: 'the secret in percent-encoding', echo: () => encodeURIComponent(ODD_SECRET) },
    { name: 'the Basic header', echo: ({ headers }) => `I got ${headers.authorization}, which is wrong` },
    { name: 'the client_secret of the form', echo: (request) => field(request, 'client_secret'), post: true },
    { name: 'the encoded form', echo: ({ body }) => body.toString(), post: true },
  ])('contains no secret if the token endpoint echoes $name', async ({ echo, post }) => {
    const fixture = await startFixture();
    let asCode = false;
    fixture.onToken = (request, response) => {
      const text = echo(request);
      expect(text).not.toBe('');
      sendJson(
        response,
        400,
        asCode ? { error: text } : { error: 'invalid_request', error_description: text },
      );
    };
    for (asCode of [false, true]) {
      const { api, events } = fixture.attach({
        vendor: vendorOf(fixture, {
          clientSecret: ODD_SECRET,
          ...(post && { clientAuthentication: clientSecretPost }),
        }),
      });
      const error = await failureOf(api.get('/data'));
      expect(error).toMatchObject({ code: 'ERR_TOKEN_ENDPOINT' });
      const { authorization = 'Basic none' } = fixture.tokenRequests.at(-1)?.headers ?? {};
      for (const shown of [error, ...events])
        expectNoLeak(shown, fixture, ODD_SECRET, authorization.slice(6));
    }
  });

  it('contains no part of a password that starts with the user name', async () => {
    const fixture = await startFixture();
    fixture.onToken = (request, response) =>
      sendJson(response, 400, {
        error: 'invalid_grant',
        error_description: `wrong password ${new URLSearchParams(request.body.toString()).get('password')}`,
      });
    const { api } = fixture.attach({
      vendor: vendorOf(fixture, { username: 'hopper', password: 'hopper-Pa55word' }),
    });
    const error = await failureOf(api.get('/data'));
    expect(error).toMatchObject({ code: 'ERR_TOKEN_ENDPOINT', cause: { error: 'invalid_grant' } });
    expectNoLeak(error, fixture, '-Pa55word');
  });

  it('contains no refresh token and no field of `parameters` if the token endpoint echoes the form', async () => {
    const fixture = await startFixture();
    fixture.onToken = (request, response) =>
      sendJson(response, 400, { error: 'invalid_request', error_description: request.body.toString() });
    const { api } = fixture.attach({
      vendor: vendorOf(fixture, {
        refreshToken: REFRESH_TOKEN,
        parameters: { client_assertion: 'eyJhbGciOi.assertion.signature' },
      }),
    });
    expectNoLeak(await failureOf(api.get('/data')), fixture, 'eyJhbGciOi.assertion.signature');
  });
});

describe('an error while a token request is in flight', () => {
  async function waiting(defaults: Parameters<Fixture['attach']>[1] = {}) {
    const fixture = await startFixture();
    fixture.onToken = () => {}; // The token request stays on its socket, with the Basic header.
    const { api } = fixture.attach({}, { httpAgent: keepAliveAgent(), ...defaults });
    return { fixture, api };
  }

  it('contains no secret after the timeout of a waiting request on the same agent', async () => {
    const { fixture, api } = await waiting();
    const error = await failureOf(api.get('/data', { timeout: 60 }));
    expect(error).toMatchObject({ code: 'ECONNABORTED' });
    expect(fixture.tokenRequests).toHaveLength(1);
    expectNoLeak(error, fixture);
  });

  it('contains no secret after the abort of a waiting request on the same agent', async () => {
    const { fixture, api } = await waiting();
    const controller = new AbortController();
    const failed = failureOf(api.get('/data', { signal: controller.signal }));
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    controller.abort();
    const error = await failed;
    expect(error).toMatchObject({ code: 'ERR_CANCELED' });
    expectNoLeak(error, fixture);
  });

  it('contains no secret after a failed request with authRefresh: false on the same agent', async () => {
    const { fixture, api } = await waiting();
    api.get('/data').catch(() => {});
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    expectNoLeak(await failureOf(api.get('/public', { authRefresh: false })), fixture);
  });

  it('contains no secret on another instance with the same token manager and agent', async () => {
    const fixture = await startFixture();
    const agent = keepAliveAgent();
    const tokens = createTokenManager({ vendor: fixture.vendor() });
    const one = fixture.attach({ tokens }, { httpAgent: agent });
    await one.api.get('/first');
    await holdRequests(fixture, one.api);
    const two = fixture.attach({ tokens }, { httpAgent: agent });
    expectNoLeak(await failureOf(two.api.get('/public', { authRefresh: false })), fixture);
  });
});

describe('the error of a request to another origin', () => {
  it('contains no secret while requests with a token are in flight', async () => {
    const fixture = await startFixture();
    const foreign = await startServer((_, response) => sendJson(response, 500, {}));
    onTestFinished(() => foreign.close());
    const { api } = fixture.attach();
    await api.get('/first');
    await holdRequests(fixture, api);
    const error = await failureOf(api.get(`${foreign.url}/report`));
    expect(error).toMatchObject({ status: 500 });
    expectNoLeak(error, fixture);
  });
});

describe('events and configuration errors', () => {
  it('contain no token if the error of a store contains one', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({
      store: storeWith({
        set: async (_key, stored) => {
          throw new Error(`WRONGTYPE, command was: SET ${JSON.stringify(stored)}`);
        },
      }),
    });
    await api.get('/data');
    const failed = events.filter(({ type }) => type === 'store-failed');
    expect(failed).toHaveLength(1);
    expectNoLeak(failed[0], fixture);
  });

  it('contain no secret and no query after refreshes, replays and retries', async () => {
    const fixture = await startFixture();
    const seen: AuthRefreshEvent[] = [];
    const { api } = fixture.attach({ onEvent: (event) => seen.push(event) });
    await api.get('/first');
    fixture.revokeAll();
    let busy = true;
    fixture.onApi = (_, response) => {
      sendJson(response, busy ? 503 : 200, {});
      busy = false;
    };
    await api.get('/data?api_key=in-the-query#in-the-fragment');
    expect(seen.map(({ type }) => type)).toEqual(expect.arrayContaining(['replay', 'retry']));
    for (const event of seen) expectNoLeak(event, fixture, 'in-the-query', 'in-the-fragment');
  });

  it.each([
    'https://user:Pa55word-in-url@example.com/token',
    'https://user:Pa55word-in-url@example.com:99999/token',
    'user:Pa55word-in-url@example.com/token',
    'http://example.com/token?client_secret=Pa55word-in-url',
  ])('contain no credentials of the invalid URL %s', async (address) => {
    const fixture = await startFixture();
    const makes = [
      () => vendorOf(fixture, { tokenEndpoint: address }),
      () => attachAuthRefresh(axios.create(), { vendor: fixture.vendor(), resourceOrigins: [address] }),
    ];
    for (const make of makes) {
      let thrown: unknown;
      try {
        make();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ name: 'ConfigurationError' });
      expectNoLeak(thrown, fixture, 'Pa55word-in-url');
    }
  });
});

describe('the error of a request through the oldest supported axios', () => {
  it.each([
    { name: 'a second 401', onApi: always401 },
    {
      name: 'a network error',
      onApi: (_request: unknown, response: { destroy(): unknown }) => response.destroy() !== null,
    },
  ])('contains no secret after $name', async ({ onApi }) => {
    const fixture = await startFixture();
    const api = axiosOtherCopy.create({
      baseURL: fixture.url,
      proxy: false,
      httpAgent: keepAliveAgent(),
    }) as unknown as AxiosInstance;
    const attachment = attachAuthRefresh(api, { vendor: fixture.vendor(), retry: { baseDelay: 5 } });
    onTestFinished(() => attachment.detach());
    await api.get('/first');
    fixture.beforeApi = (request, response) =>
      !request.url.startsWith('/held') && onApi(request, response as never);
    await holdRequests(fixture, api);
    const error = await failureOf(api.get('/data'));
    expect(error).toMatchObject({ isAxiosError: true });
    expectNoLeak(error, fixture);
  });
});
