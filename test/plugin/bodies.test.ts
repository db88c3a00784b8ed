import { createReadStream } from 'node:fs';
import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import axios, {
  AxiosError,
  type AxiosRequestConfig,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import NpmFormData from 'form-data';
import { describe, expect, it } from 'vitest';
import { isAuthRefreshError } from '../../src/core/errors.ts';
import { attachTo } from '../support/attach-to.ts';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { plan } from '../support/plan.ts';
import { type SeenRequest, sendJson, startServer } from '../support/server.ts';

const BYTES = Buffer.from([...Array(256).keys(), 0, 13, 10, 0xff, 0xfe]);
const TEXT = 'Größe: 5 µm, 漢字, 🚀\r\n';

const posts = ({ apiRequests }: Fixture) => apiRequests.filter(({ method }) => method !== 'GET');

/** Returns a multipart body with a fixed boundary. Checks that the body and the header use the same boundary. */
function multipart({ headers, body }: SeenRequest): string {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw new Error(`not multipart: ${headers['content-type']}`);
  const text = body.toString('latin1');
  expect(text).toContain(`--${boundary}--`);
  return text.replaceAll(boundary, 'BOUNDARY');
}

function nativeForm(): FormData {
  const form = new FormData();
  form.append('name', TEXT);
  form.append('file', new Blob([BYTES], { type: 'application/x-thing' }), 'thing.bin');
  return form;
}

function npmForm(): NpmFormData {
  const form = new NpmFormData();
  form.append('name', TEXT);
  form.append('file', Readable.from([BYTES]), { filename: 'thing.bin' });
  return form;
}

function webStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('full '));
      controller.enqueue(new TextEncoder().encode('body'));
      controller.close();
    },
  });
}

/** Returns an attached instance whose token the API rejects from now on. */
async function withRejectedToken(defaults: AxiosRequestConfig = {}) {
  const fixture = await startFixture();
  const attached = fixture.attach({}, defaults as object);
  await attached.api.get('/first');
  fixture.revokeAll();
  return { fixture, ...attached };
}

describe.each(['http', 'fetch'])('with the %s adapter', (adapter) => {
  it.each<[string, unknown, Buffer, string]>([
    [
      'an object',
      { n: 1, text: TEXT },
      Buffer.from(JSON.stringify({ n: 1, text: TEXT })),
      'application/json',
    ],
    ['an array', [1, 'ü'], Buffer.from('[1,"ü"]'), 'application/json'],
    ['a string', TEXT, Buffer.from(TEXT), 'application/x-www-form-urlencoded'],
    ['an empty string', '', Buffer.from(''), 'application/x-www-form-urlencoded'],
    ['a Buffer', BYTES, BYTES, 'application/x-www-form-urlencoded'],
    ['a Uint8Array', new Uint8Array(BYTES), BYTES, 'application/x-www-form-urlencoded'],
    ['an ArrayBuffer', new Uint8Array(BYTES).buffer, BYTES, 'application/x-www-form-urlencoded'],
    ['a Blob', new Blob([BYTES], { type: 'application/x-thing' }), BYTES, ''],
    [
      'URLSearchParams',
      new URLSearchParams({ a: 'ä b', c: '&' }),
      Buffer.from('a=%C3%A4+b&c=%26'),
      'application/x-www-form-urlencoded;charset=utf-8',
    ],
    ['1 MB', Buffer.alloc(1_000_000, 'x'), Buffer.alloc(1_000_000, 'x'), 'application/x-www-form-urlencoded'],
  ])('replays %s byte for byte, with Content-Length', async (_, data, expected, contentType) => {
    const { fixture, api } = await withRejectedToken({ adapter });
    expect((await api.post('/data', data)).status).toBe(200);
    const sent = posts(fixture);
    expect(sent).toHaveLength(2);
    for (const { body, headers } of sent) {
      expect(body.equals(expected)).toBe(true);
      expect(headers['content-length']).toBe(String(expected.length));
      expect(headers['transfer-encoding']).toBeUndefined();
      if (contentType) expect(headers['content-type']).toBe(contentType);
    }
    expect(sent[1]?.headers['content-type']).toBe(sent[0]?.headers['content-type']);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('replays a native FormData with the same parts', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    // With post(), the fetch adapter of axios sends a form as urlencoded.
    await api.postForm('/data', nativeForm());
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(multipart(first)).toContain(BYTES.toString('latin1'));
    expect(multipart(first)).toContain(Buffer.from(TEXT).toString('latin1'));
    expect(multipart(first)).toContain('application/x-thing');
    expect(multipart(second)).toBe(multipart(first));
    for (const { body, headers } of [first, second]) {
      expect(headers['content-length']).toBe(String(body.length));
    }
    // With fetch the runtime chooses a boundary for each send.
    if (adapter === 'http') expect(second.body.equals(first.body)).toBe(true);
  });

  it('runs transformRequest once and replays the identical body', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    let runs = 0;
    const transformRequest = (data: unknown, headers: { set(name: string, value: string): void }) => {
      runs++;
      headers.set('content-type', 'application/x-envelope');
      return JSON.stringify({ run: runs, data, text: TEXT });
    };
    expect((await api.post('/data', { n: 1 }, { transformRequest })).status).toBe(200);
    const sent = posts(fixture);
    const expected = JSON.stringify({ run: 1, data: { n: 1 }, text: TEXT });
    expect(runs).toBe(1);
    expect(sent.map(({ body }) => body.toString())).toEqual([expected, expected]);
    for (const { headers } of sent) {
      expect(headers['content-type']).toBe('application/x-envelope');
      expect(headers['content-length']).toBe(String(Buffer.byteLength(expected)));
    }
  });

  it('runs request interceptors once and replays their headers', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    let signatures = 0;
    api.interceptors.request.use((config) => {
      config.headers.set('x-signature', `${++signatures}`);
      return config;
    });
    await api.post('/data', { n: 1 });
    expect(posts(fixture).map(({ headers }) => headers['x-signature'])).toEqual(['1', '1']);
  });

  it('replays the request with the same URL and the same other headers', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    await api.put('/data', { n: 1 }, { headers: { 'X-Custom': 'ä', Cookie: 'a=b' }, params: { q: 'x y' } });
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    const { authorization: _first, ...firstHeaders } = first.headers;
    const { authorization: _second, ...secondHeaders } = second.headers;
    expect(secondHeaders).toEqual(firstHeaders);
    expect(second.url).toBe(first.url);
  });

  const streams: [string, () => unknown][] =
    adapter === 'http'
      ? [
          ['a Node stream', () => Readable.from(['full ', 'body'])],
          ['a Node stream of 2 MB', () => Readable.from(Array(32).fill(Buffer.alloc(65_536, 'x')))],
          ['npm form-data', npmForm],
        ]
      : [
          ['a web stream', webStream],
          ['a Node stream', () => Readable.from(['full ', 'body'])],
        ];

  it.each(streams)(
    '%s: returns the 401 without a replay, and sends the next request with a new token',
    async (_, make) => {
      const { fixture, api, events } = await withRejectedToken({ adapter });
      const error = await api.post('/upload', make()).catch((reason) => reason);
      expect(error).toMatchObject({
        name: 'AxiosError',
        response: { status: 401, data: { code: 'bad.credentials' } },
      });
      expect(isAuthRefreshError(error)).toBe(false);
      expect(posts(fixture)).toHaveLength(1);
      expect(events.filter(({ type }) => type === 'replay')).toEqual([]);
      expect((await api.post('/upload', make())).status).toBe(200);
      expect(posts(fixture)).toHaveLength(2);
      expect(posts(fixture)[1]?.headers.authorization).toBe(`Bearer ${fixture.issued[1]}`);
      expect(fixture.tokenRequests).toHaveLength(2);
    },
  );

  it.each(streams)(
    '%s from a body factory: sends the full body at first and on the replay',
    async (_, make) => {
      const { fixture, api } = await withRejectedToken({ adapter });
      let calls = 0;
      const body = async () => {
        calls++;
        return make();
      };
      expect((await api.post('/upload', undefined, { authRefresh: { body } })).status).toBe(200);
      expect(calls).toBe(2);
      const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
      expect(first.headers.authorization).not.toBe(second.headers.authorization);
      const source = make();
      if (source instanceof NpmFormData) {
        expect(multipart(first)).toContain(BYTES.toString('latin1'));
        expect(multipart(second)).toBe(multipart(first));
      } else {
        const expected = await buffer(source as NodeJS.ReadableStream);
        expect(first.body.equals(expected)).toBe(true);
        expect(second.body.equals(expected)).toBe(true);
      }
    },
  );

  it.each<[string, () => unknown, string, RegExp]>([
    ['a string', () => TEXT, TEXT, /./],
    ['a Buffer', () => Buffer.from(TEXT), TEXT, /./],
    [
      'a Blob',
      () => new Blob([TEXT], { type: 'text/x-thing' }),
      TEXT,
      // The fetch adapter of axios ignores the type of a Blob.
      adapter === 'http' ? /^text\/x-thing$/ : /./,
    ],
  ])('sends %s from a body factory', async (_, make, expected, contentType) => {
    const { fixture, api } = await withRejectedToken({ adapter });
    await api.post('/upload', undefined, { authRefresh: { body: make } });
    const sent = posts(fixture);
    expect(sent.map(({ body }) => body.toString())).toEqual([expected, expected]);
    for (const { headers } of sent) {
      expect(headers['content-type']).toMatch(contentType);
      expect(headers['content-length']).toBe(String(Buffer.byteLength(expected)));
    }
  });

  it('sends a native FormData from a body factory with a matching boundary', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    const headers = { 'content-type': 'multipart/form-data' };
    await api.post('/upload', undefined, { headers, authRefresh: { body: nativeForm } });
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(multipart(first)).toContain(BYTES.toString('latin1'));
    expect(multipart(second)).toBe(multipart(first));
  });

  it("keeps the caller's content type with a body factory", async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    const headers = { 'content-type': 'text/csv' };
    await api.post('/upload', undefined, { headers, authRefresh: { body: () => 'a,b\r\n1,2' } });
    expect(posts(fixture).map((request) => request.headers['content-type'])).toEqual([
      'text/csv',
      'text/csv',
    ]);
  });

  it.each<[string, AxiosRequestConfig]>([
    ["with the caller's own Authorization", { headers: { Authorization: 'Basic abc' } }],
    ['to another origin', { baseURL: '' }],
  ])('uses the body factory for a request %s', async (_, config) => {
    const { api } = await withRejectedToken({ adapter });
    const seen: SeenRequest[] = [];
    const other = await startServer((request, response) => {
      seen.push(request);
      sendJson(response, 200, {});
    });
    const url = `${other.url}/upload`;
    const response = await api.post(url, undefined, { ...config, authRefresh: { body: () => 'full body' } });
    await other.close();
    expect(response.status).toBe(200);
    expect(seen.map(({ body }) => body.toString())).toEqual(['full body']);
    expect(seen[0]?.headers.authorization ?? '').not.toMatch(/Bearer/);
  });

  it('rejects without sending the request if the body factory fails', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    const body = () => Promise.reject(new Error('the file is locked'));
    const error = await api.post('/upload', undefined, { authRefresh: { body } }).catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'ERR_CALLBACK',
      message: expect.stringContaining('the file is locked'),
    });
    expect(posts(fixture)).toHaveLength(0);
  });

  it('replays a 401 and resolves with the second 401 if validateStatus accepts every status', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    for (const validateStatus of [() => true, null]) {
      fixture.revokeAll();
      expect((await api.post('/data', { n: 1 }, { validateStatus })).data).toEqual({
        ok: true,
        url: '/data',
      });
    }
    expect(posts(fixture)).toHaveLength(4);
    expect(fixture.tokenRequests).toHaveLength(3);
    plan(fixture, 401, 401);
    const refused = await api.post('/data', { n: 1 }, { validateStatus: () => true });
    expect(refused).toMatchObject({ status: 401, data: { planned: 401 } });
    expect(posts(fixture)).toHaveLength(6);
    expect(fixture.tokenRequests).toHaveLength(4);
  });

  it('resolves with the 401 of a stream body if validateStatus accepts every status', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    const make = adapter === 'http' ? () => Readable.from(['full']) : webStream;
    expect((await api.post('/data', make(), { validateStatus: () => true })).status).toBe(401);
    expect(posts(fixture)).toHaveLength(1);
  });

  it('replays a request with responseType stream after a 401 of 500 KB', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    fixture.beforeApi = (request, response) => {
      if (request.headers.authorization === `Bearer ${fixture.issued[1]}`) return false;
      response.writeHead(401, { 'content-type': 'text/plain' }).end('x'.repeat(500_000));
      return true;
    };
    const { data, status } = await api.get('/data', { responseType: 'stream' });
    expect(status).toBe(200);
    expect(JSON.parse(await text(data))).toEqual({ ok: true, url: '/data' });
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('returns a 401 with responseType stream that can be read completely', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    const body = 'y'.repeat(500_000);
    fixture.beforeApi = (_, response) => {
      response.writeHead(401, { 'content-type': 'text/plain' }).end(body);
      return true;
    };
    const error = await api.get('/data', { responseType: 'stream' }).catch((reason) => reason);
    expect(error.response.status).toBe(401);
    expect(await text(error.response.data)).toBe(body);
    const stream = adapter === 'http' ? Readable.from(['full']) : webStream();
    const upload = await api.post('/data', stream, { responseType: 'stream' }).catch((reason) => reason);
    expect(await text(upload.response.data)).toBe(body);
  });

  it.each(['json', 'text', 'arraybuffer', 'blob'] as const)(
    'returns the same data as plain axios with responseType %s',
    async (responseType) => {
      const { fixture, api } = await withRejectedToken({ adapter });
      const { data } = await api.get('/data', { responseType });
      const plain = axios.create({ baseURL: fixture.url, adapter, proxy: false });
      const headers = { Authorization: `Bearer ${fixture.issued[1]}` };
      const { data: expected } = await plain.get('/data', { responseType, headers });
      expect(inspect(data)).toBe(inspect(expected));
    },
  );

  it('replays 50 concurrent requests after one token fetch', async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    const responses = await Promise.all(Array.from({ length: 50 }, (_, n) => api.post('/data', { n })));
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(fixture.tokenRequests).toHaveLength(2);
    const bodies = posts(fixture).map(({ body }) => body.toString());
    expect(bodies.sort()).toEqual(
      Array.from({ length: 50 }, (_, n) => [`{"n":${n}}`, `{"n":${n}}`])
        .flat()
        .sort(),
    );
  });

  it("rejects an aborted request as canceled, and a second 401 as the API's error", async () => {
    const { fixture, api } = await withRejectedToken({ adapter });
    plan(fixture, 'hang', 401, 401);
    const controller = new AbortController();
    const hanging = api.get('/data', { signal: controller.signal });
    await expect.poll(() => fixture.apiRequests.length).toBe(2);
    controller.abort();
    const error = await hanging.catch((reason) => reason);
    expect(axios.isCancel(error)).toBe(true);
    await expect(api.get('/data')).rejects.toMatchObject({ name: 'AxiosError', response: { status: 401 } });
    expect(fixture.apiRequests).toHaveLength(4);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('accepts the adapter of a request as a name, a list and a function', async () => {
    const { fixture, api } = await withRejectedToken();
    const custom = getAdapter(adapter);
    let calls = 0;
    for (const requested of [
      adapter,
      ['xhr', adapter],
      (config: InternalAxiosRequestConfig) => {
        calls++;
        return custom(config);
      },
    ]) {
      fixture.revokeAll();
      expect((await api.post('/data', { n: 1 }, { adapter: requested as string })).status).toBe(200);
    }
    expect(calls).toBe(2);
    expect(posts(fixture)).toHaveLength(6);
    expect(fixture.tokenRequests).toHaveLength(4);
  });
});

describe('with the http adapter', () => {
  it('replays a native FormData byte for byte, with the same headers', async () => {
    const { fixture, api } = await withRejectedToken();
    await api.post('/data', nativeForm());
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(multipart(first)).toContain(BYTES.toString('latin1'));
    expect(second.body.equals(first.body)).toBe(true);
    expect({ ...second.headers, authorization: '' }).toEqual({ ...first.headers, authorization: '' });
  });

  it("keeps the caller's boundary of a native FormData", async () => {
    const { fixture, api } = await withRejectedToken();
    const headers = { 'content-type': 'multipart/form-data; boundary=chosen-by-the-caller' };
    await api.post('/data', nativeForm(), { headers });
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(first.headers['content-type']).toBe(headers['content-type']);
    expect(first.body.toString('latin1')).toContain('--chosen-by-the-caller--');
    expect(second.body.equals(first.body)).toBe(true);
  });

  it.each(['stream', 'json', 'arraybuffer'] as const)(
    'completes five requests with responseType %s over one socket, which the token request needs too',
    async (responseType) => {
      const httpAgent = new Agent({ keepAlive: true, maxSockets: 1, maxTotalSockets: 1 });
      const { fixture, api } = await withRejectedToken({ httpAgent });
      fixture.beforeApi = (request, response) => {
        if (request.headers.authorization === `Bearer ${fixture.issued[1]}`) return false;
        sendJson(response, 401, { padding: 'x'.repeat(500_000) });
        return true;
      };
      const read = async ({ data }: AxiosResponse): Promise<unknown> =>
        responseType === 'json'
          ? data
          : JSON.parse(String(Buffer.isBuffer(data) ? data : await buffer(data)));
      const bodies = await Promise.all(
        Array.from({ length: 5 }, (_, n) => api.get(`/${n}`, { responseType }).then(read)),
      );
      expect(bodies).toEqual(Array.from({ length: 5 }, (_, n) => ({ ok: true, url: `/${n}` })));
      expect(fixture.tokenRequests).toHaveLength(2);
      httpAgent.destroy();
    },
  );

  it('returns the 401 of a large upload that the API refuses before it reads the body', async () => {
    const { fixture, api } = await withRejectedToken();
    // Unlike the server of the fixture, this server does not read the body first.
    const early = await startServer(() => {});
    early.server.removeAllListeners('request');
    early.server.on('request', (request, response) => {
      const isValid = request.headers.authorization === `Bearer ${fixture.issued[1]}`;
      if (isValid) request.resume().on('end', () => sendJson(response, 200, { ok: true }));
      else sendJson(response, 401, { code: 'bad.credentials' }, { connection: 'close' });
    });
    const upload = () => Readable.from(Array(64).fill(Buffer.alloc(65_536, 'x')));
    api.defaults.baseURL = early.url;
    const error = await api.post('/upload', upload()).catch((reason) => reason);
    const next = await api.post('/upload', upload());
    await early.close();
    expect(error.response?.status).toBe(401);
    expect(next.data).toEqual({ ok: true });
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('rejects if a file cannot be opened, at first and before the replay', async () => {
    const { fixture, api } = await withRejectedToken();
    const missing = () => createReadStream('no/such/file.csv');
    await expect(api.post('/upload', missing())).rejects.toMatchObject({ code: 'ENOENT' });
    let sends = 0;
    const body = () => (sends++ === 0 ? Readable.from(['full']) : missing());
    await expect(api.post('/upload', undefined, { authRefresh: { body } })).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect((await api.get('/after')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});

describe('while a stream body waits for a token', () => {
  it('rejects the request if the stream fails, without an uncaught error', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 60;
    const { api } = fixture.attach();
    const stream = new Readable({ read() {} });
    const upload = api.post('/upload', stream, { timeout: 2_000 }).catch((reason) => reason);
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    // Nobody else listens while the request waits, and an error event without a listener ends the process.
    expect(stream.listenerCount('error')).toBeGreaterThan(0);
    stream.destroy(new Error('the disk is gone'));
    expect((await upload).message).toContain('the disk is gone');
  });

  it('sends the full stream afterwards', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 60;
    const { api } = fixture.attach();
    expect((await api.post('/upload', Readable.from(['full ', 'body']))).status).toBe(200);
    expect(posts(fixture).map(({ body }) => body.toString())).toEqual(['full body']);
  });
});

describe('when the application has interceptors', () => {
  it.each(['before', 'after'] as const)(
    'replays a 401 before a response interceptor that was added %s the plugin sees it',
    async (order) => {
      const fixture = await startFixture();
      const api = axios.create({ baseURL: fixture.url, proxy: false });
      const seen: unknown[] = [];
      const translate = () =>
        api.interceptors.response.use(
          (response) => response,
          (error) => {
            seen.push(error.response?.status ?? error.code);
            return Promise.reject(new Error(`translated ${error.response?.status}`));
          },
        );
      if (order === 'before') translate();
      attachTo(api, fixture);
      if (order === 'after') translate();
      await api.get('/first');
      fixture.revokeAll();
      expect((await api.get('/data')).data).toEqual({ ok: true, url: '/data' });
      expect(seen).toEqual([]);
      expect(fixture.tokenRequests).toHaveLength(2);
      plan(fixture, 401, 401);
      await expect(api.get('/data')).rejects.toThrow('translated 401');
      expect(seen).toEqual([401]);
    },
  );

  it('replays a 401 if a response interceptor discards errors and unwraps the data', async () => {
    const fixture = await startFixture();
    const api = axios.create({ baseURL: fixture.url, proxy: false });
    api.interceptors.response.use(
      ({ data }) => data,
      () => undefined,
    );
    attachTo(api, fixture);
    await api.get('/first');
    fixture.revokeAll();
    expect(await api.get('/data')).toEqual({ ok: true, url: '/data' });
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('replays a 401 if a request interceptor returns a new config', async () => {
    const fixture = await startFixture();
    for (const order of ['before', 'after']) {
      const api = axios.create({ baseURL: fixture.url, proxy: false });
      const rebuild = () =>
        api.interceptors.request.use(async (config) => ({
          ...config,
          headers: config.headers,
          timeout: 5000,
        }));
      if (order === 'before') rebuild();
      attachTo(api, fixture);
      if (order === 'after') rebuild();
      await api.get('/first');
      fixture.revokeAll();
      expect((await api.get('/data')).status).toBe(200);
    }
    expect(fixture.tokenRequests).toHaveLength(4);
  });

  it.each(['http', 'fetch'])(
    'shows the token to no interceptor, transform, response config or error (%s)',
    async (adapter) => {
      const fixture = await startFixture();
      const api = axios.create({ baseURL: fixture.url, proxy: false, adapter });
      const seen: string[] = [];
      const record = (place: string, config: InternalAxiosRequestConfig | undefined) => {
        const authorization = config?.headers?.get('authorization');
        seen.push(`${place}: ${authorization ?? 'nothing'}`);
      };
      const watch = (place: string) => {
        api.interceptors.request.use((config) => {
          record(`request ${place}`, config);
          return config;
        });
        api.interceptors.response.use(
          (response) => {
            record(`response ${place}`, response.config);
            return response;
          },
          (error) => {
            record(`error ${place}`, error.config);
            record(`error response ${place}`, error.response?.config);
            return Promise.reject(error);
          },
        );
      };
      watch('before');
      attachTo(api, fixture);
      watch('after');
      const config: AxiosRequestConfig = {
        headers: { 'X-Custom': '1' },
        transformRequest(data, headers) {
          seen.push(`transformRequest: ${headers.get('authorization') ?? 'nothing'}`);
          return data;
        },
        transformResponse(data) {
          record('transformResponse', this);
          return data;
        },
      };
      await api.get('/first');
      fixture.revokeAll();
      await api.post('/data', 'body', config);
      plan(fixture, 401, 401, 503, 200);
      const error = await api.post('/data', 'body', config).catch((reason) => reason);
      const retried = await api.get('/data', { headers: { 'X-Custom': '1' } });
      expect(seen.filter((line) => !line.endsWith(': nothing'))).toEqual([]);
      expect(seen.length).toBeGreaterThan(20);
      expect(new Set(seen.map((line) => line.split(' ')[0]))).toEqual(
        new Set(['request', 'response', 'error', 'transformRequest:', 'transformResponse:']),
      );
      expect(config.headers).toEqual({ 'X-Custom': '1' });
      for (const token of fixture.issued) {
        for (const shown of [error, error.config, error.response.config, retried.config, retried]) {
          expect(inspect(shown, { depth: 12 })).not.toContain(token);
        }
      }
      expect(fixture.apiRequests.at(-1)?.headers['x-custom']).toBe('1');
    },
  );
});

describe('an adapter that answers with objects', () => {
  it.each([{ on: 1, destroy: true }, { cancel: 'https://api.example.com/cancel' }])(
    'replays a 401 whose body has members with the names of stream methods: %o',
    async (data) => {
      const fixture = await startFixture();
      const { api } = fixture.attach();
      const statuses = [401, 200];
      const { status } = await api.get('/data', {
        adapter: async (config) => {
          const response = { status: statuses.shift() ?? 500, statusText: '', headers: {}, data, config };
          if (response.status === 200) return response;
          throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, undefined, response);
        },
      });
      expect(status).toBe(200);
      expect(fixture.tokenRequests).toHaveLength(2);
    },
  );
});
