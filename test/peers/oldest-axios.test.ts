import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import axios, { CanceledError } from 'axios';
import NpmFormData from 'form-data';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isAuthRefreshError } from '../../src/core/errors.ts';
import { CLIENT_SECRET, type Fixture, startFixture } from '../support/fixture.ts';
import { type PlannedAnswer, plan } from '../support/plan.ts';
import { type SeenRequest, sendJson, startServer } from '../support/server.ts';

// Not a mock: the whole package runs on the oldest supported axios.
vi.mock('axios', () => import('axios-other-copy'));

const posts = ({ apiRequests }: Fixture) => apiRequests.filter(({ method }) => method !== 'GET');

/** Returns an attached instance whose current token the API rejects. */
async function withRejectedToken(options: Parameters<Fixture['attach']>[0] = {}, defaults: object = {}) {
  const fixture = await startFixture();
  const attached = fixture.attach(options, defaults);
  await attached.api.get('/first');
  fixture.revokeAll();
  return { fixture, ...attached };
}

/** Starts a server of another origin, and collects its requests. */
async function startOtherOrigin(status = 200) {
  const seen: SeenRequest[] = [];
  const server = await startServer((request, response) => {
    seen.push(request);
    sendJson(response, status, { other: true });
  });
  onTestFinished(() => server.close());
  return { url: server.url, seen };
}

describe('when axios is version 1.5.0', () => {
  it('runs these tests on that version', () => {
    expect(axios.VERSION).toBe('1.5.0');
  });

  it('replays 200 concurrent requests with a rejected token after one token fetch', async () => {
    const { fixture, api } = await withRejectedToken();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => api.get(`/data/${n}`)));
    expect(answers.map(({ data }) => data.url)).toEqual(Array.from({ length: 200 }, (_, n) => `/data/${n}`));
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(fixture.tokenRequests[1]?.headers['user-agent']).toBe('axios/1.5.0');
  });

  it('sends no token and replays nothing after detach', async () => {
    const { fixture, api, detach } = await withRejectedToken();
    detach();
    await expect(api.get('/after')).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('returns a second 401 of the API to the caller', async () => {
    const { fixture, api } = await withRejectedToken();
    plan(fixture, 401, 401);
    const error = await api.get('/data').catch((reason) => reason);
    expect(error).toMatchObject({ name: 'AxiosError', response: { status: 401, data: { planned: 401 } } });
    expect(isAuthRefreshError(error)).toBe(false);
    expect(fixture.apiRequests).toHaveLength(3);
  });

  it('rejects with an axios error with status, response and cause, but no secret, if no token is available', async () => {
    const { fixture, api } = await withRejectedToken({ tokenRetries: 0 });
    fixture.onToken = (_, response) => void response.writeHead(500).end();
    const error = await api.get('/data').catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_TOKEN_REQUEST', status: 401, response: { status: 401 } });
    expect(error.cause).toMatchObject({ name: 'TokenRequestError', status: 500 });
    const shown = inspect(error, { depth: 12 }) + JSON.stringify(error) + JSON.stringify(error.toJSON());
    for (const secret of [CLIENT_SECRET, ...fixture.issued]) expect(shown).not.toContain(secret);
  });

  it('keeps tokens out of an API error', async () => {
    const { fixture, api } = await withRejectedToken(
      { retry: false },
      { httpAgent: new Agent({ keepAlive: true }) },
    );
    plan(fixture, 401, 500);
    const error = await api.get('/data').catch((reason) => reason);
    const shown = inspect(error, { depth: 12 }) + JSON.stringify(error);
    expect(error.response.status).toBe(500);
    for (const token of fixture.issued) expect(shown).not.toContain(token);
  });

  it('rejects an aborted request before the token request ends, and completes the others', async () => {
    const { fixture, api } = await withRejectedToken();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    fixture.onToken = (_, response) => released.then(() => fixture.issue(response));
    const controller = new AbortController();
    const aborted = api.get('/a', { signal: controller.signal }).catch((reason) => reason);
    const other = api.get('/b');
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    controller.abort();
    expect(await aborted).toBeInstanceOf(CanceledError);
    release();
    expect((await other).status).toBe(200);
  });

  it.each<[string, PlannedAnswer]>([
    ['429', 429],
    ['503', 503],
    ['a connection reset', 'reset'],
    ['a truncated response', 'cut'],
    ['a timeout', 'hang'],
  ])('replays after a 401 and retries after %s', async (_, answer) => {
    const { fixture, api } = await withRejectedToken();
    plan(fixture, 401, answer);
    expect((await api.get('/data', { timeout: 200 })).status).toBe(200);
    expect(fixture.apiRequests).toHaveLength(4);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('does not retry a POST whose response was lost', async () => {
    const { fixture, api } = await withRejectedToken();
    plan(fixture, 'cut');
    await expect(api.post('/import', { n: 1 })).rejects.toThrow();
    expect(posts(fixture)).toHaveLength(1);
  });

  it.each<[string, () => unknown, string]>([
    ['an object', () => ({ n: 1 }), '{"n":1}'],
    ['a string', () => 'größe', 'größe'],
    ['a Buffer', () => Buffer.from('bytes'), 'bytes'],
    ['an ArrayBuffer', () => new TextEncoder().encode('bytes').buffer, 'bytes'],
    ['a Blob', () => new Blob(['bytes']), 'bytes'],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b c' }), 'a=b+c'],
  ])('replays %s byte for byte', async (_, make, expected) => {
    const { fixture, api } = await withRejectedToken();
    await api.post('/data', make());
    expect(posts(fixture).map(({ body }) => body.toString())).toEqual([expected, expected]);
    for (const { headers } of posts(fixture)) {
      expect(headers['content-length']).toBe(String(Buffer.byteLength(expected)));
    }
  });

  it('replays a native FormData byte for byte', async () => {
    const { fixture, api } = await withRejectedToken();
    const form = new FormData();
    form.append('file', new Blob(['bytes']), 'a.bin');
    await api.post('/data', form);
    const [first, second] = posts(fixture);
    expect(first?.body.toString()).toContain('bytes');
    expect(second?.body.equals(first?.body ?? Buffer.of())).toBe(true);
    const boundary = /boundary=(.+)$/.exec(first?.headers['content-type'] ?? '')?.[1];
    expect(first?.body.toString()).toContain(`--${boundary}--`);
  });

  it('replays a multipart body that axios makes from an object, byte for byte', async () => {
    const { fixture, api } = await withRejectedToken();
    await api.postForm('/data', { name: 'one', file: Buffer.from([0, 255]) });
    const [first, second] = posts(fixture);
    expect(first?.body.toString()).toContain('one');
    expect(second?.body.equals(first?.body ?? Buffer.of())).toBe(true);
    expect(second?.headers['content-type']).toBe(first?.headers['content-type']);
  });

  it('returns the 401 of a stream body to the caller, and sends a body factory in full', async () => {
    const { fixture, api } = await withRejectedToken();
    const error = await api.post('/upload', Readable.from(['full'])).catch((reason) => reason);
    expect(error.response.status).toBe(401);
    await api.get('/renewed');
    fixture.revokeAll();
    const body = () => Readable.from(['full ', 'body']);
    await api.post('/upload', undefined, { authRefresh: { body } });
    const form = new NpmFormData();
    form.append('a', Readable.from(['b']));
    fixture.revokeAll();
    await expect(api.post('/upload', form)).rejects.toMatchObject({ response: { status: 401 } });
    expect(posts(fixture).map((request) => request.body.toString().slice(0, 9))).toEqual([
      'full',
      'full body',
      'full body',
      '---------',
    ]);
  });

  it('replays stream responses over one socket, with a validateStatus that accepts every status', async () => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1, maxTotalSockets: 1 });
    const { fixture, api } = await withRejectedToken({}, { httpAgent, validateStatus: () => true });
    fixture.beforeApi = (request, response) => {
      if (request.headers.authorization === `Bearer ${fixture.issued[1]}`) return false;
      response.writeHead(401).end('x'.repeat(500_000));
      return true;
    };
    const read = (url: string) =>
      api
        .get(url, { responseType: 'stream' })
        .then(({ status, data }) => text(data).then((body) => [status, body]));
    expect(await Promise.all(['/a', '/b', '/c'].map(read))).toEqual(
      ['/a', '/b', '/c'].map((url) => [200, JSON.stringify({ ok: true, url })]),
    );
    expect(fixture.tokenRequests).toHaveLength(2);
    httpAgent.destroy();
  });

  it('sends no token to another origin, in whatever form its URL is written', async () => {
    const { fixture, api } = await withRejectedToken();
    const { url, seen } = await startOtherOrigin();
    const host = url.slice('http://'.length);
    await api.get(`${url}/absolute`);
    // axios 1.5.0 ignores allowAbsoluteUrls, and uses http for a URL without a scheme.
    await api.get(`${url}/absolute-not-allowed`, { allowAbsoluteUrls: false });
    await api.get(`//${host}/protocol-relative`);
    await api.get('/base', { baseURL: url });
    await api.get(`http://${fixture.url.slice('http://'.length)}@${host}/user`);
    expect(
      seen.map(({ headers }) => headers.authorization ?? '').filter((value) => /bearer/i.test(value)),
    ).toEqual([]);
    expect(seen).toHaveLength(5);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends no token after a redirect to another origin, and returns its 401 to the caller', async () => {
    const { fixture, api } = await withRejectedToken();
    const { url, seen } = await startOtherOrigin(401);
    fixture.beforeApi = (_, response) => {
      response.writeHead(302, { location: `${url}/landed` }).end();
      return true;
    };
    await expect(api.get('/redirect')).rejects.toMatchObject({ response: { status: 401 } });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('sends no token after a redirect to a subdomain, although axios 1.5.0 keeps the headers', async () => {
    const httpAgent = new Agent({
      lookup: (_name, options, done) =>
        options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    });
    const fixture = await startFixture();
    const { port } = new URL(fixture.url);
    const { api } = fixture.attach({}, { baseURL: `http://localhost:${port}`, httpAgent });
    fixture.beforeApi = (request, response) => {
      if (request.url !== '/redirect') return false;
      response.writeHead(302, { location: `http://evil.localhost:${port}/landed` }).end();
      return true;
    };
    await expect(api.get('/redirect')).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.map(({ headers }) => [headers.host, headers.authorization])).toEqual([
      [`localhost:${port}`, `Bearer ${fixture.issued[0]}`],
      [`evil.localhost:${port}`, undefined],
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
    httpAgent.destroy();
  });

  it('sends the token with a URL object, which axios 1.5.0 accepts', async () => {
    const { api } = await withRejectedToken();
    const { baseURL } = api.defaults;
    expect((await api.get(new URL('/data', baseURL) as unknown as string)).status).toBe(200);
  });

  it('sends no token and does not refresh for requests that are opted out or have credentials of the caller', async () => {
    const { fixture, api } = await withRejectedToken();
    for (const config of [
      { authRefresh: false as const },
      { headers: { AUTHORIZATION: 'Basic abc' } },
      { auth: { username: 'me', password: 'my' } },
    ]) {
      await expect(api.get('/data', config)).rejects.toMatchObject({ response: { status: 401 } });
    }
    expect(fixture.apiRequests.slice(1).map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Basic abc',
      `Basic ${Buffer.from('me:my').toString('base64')}`,
    ]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('hides the 401 and the token from interceptors', async () => {
    const { fixture, api } = await withRejectedToken();
    const seen: unknown[] = [];
    api.interceptors.request.use((config) => {
      seen.push(config.headers.get('authorization'));
      return config;
    });
    api.interceptors.response.use(({ config, status, data }) => {
      seen.push(config.headers.get('authorization'), status);
      return data;
    });
    expect(await api.get('/data')).toEqual({ ok: true, url: '/data' });
    expect(seen).toEqual([undefined, undefined, 200]);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});
