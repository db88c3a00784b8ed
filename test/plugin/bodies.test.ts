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

/** A body whose random boundary is replaced by a fixed word, and that boundary, which must be the one of the header. */
function multipart({ headers, body }: SeenRequest): string {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw new Error(`not multipart: ${headers['content-type']}`);
  const written = body.toString('latin1');
  expect(written).toContain(`--${boundary}--`);
  return written.replaceAll(boundary, 'BOUNDARY');
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

/** An attached instance with a token that the API refuses from now on. */
async function stale(defaults: AxiosRequestConfig = {}) {
  const fixture = await startFixture();
  const attached = fixture.attach({}, defaults as object);
  await attached.api.get('/first');
  fixture.revokeAll();
  return { fixture, ...attached };
}

describe.each(['http', 'fetch'])('bodies with the %s adapter', (adapter) => {
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
  ])('scenario 29: %s is replayed byte by byte, with its length', async (_, data, expected, contentType) => {
    const { fixture, api } = await stale({ adapter });
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

  it('scenario 29: a native FormData is replayed byte by byte', async () => {
    const { fixture, api } = await stale({ adapter });
    // With the plain post() axios's fetch adapter calls a form urlencoded.
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

  it('scenario 28: JSON with a transformRequest of the caller: it runs once, both bodies are identical', async () => {
    const { fixture, api } = await stale({ adapter });
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

  it('scenario 28: a request interceptor that signs the body runs once, and its header is replayed', async () => {
    const { fixture, api } = await stale({ adapter });
    let signatures = 0;
    api.interceptors.request.use((config) => {
      config.headers.set('x-signature', `${++signatures}`);
      return config;
    });
    await api.post('/data', { n: 1 });
    expect(posts(fixture).map(({ headers }) => headers['x-signature'])).toEqual(['1', '1']);
  });

  it('scenario 28: every other header is the same on the replay', async () => {
    const { fixture, api } = await stale({ adapter });
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
    'scenario 30: %s: the 401 is handed back, nothing is sent twice, and the next request has a new token',
    async (_, make) => {
      const { fixture, api, events } = await stale({ adapter });
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
    'scenario 30: %s of a body factory is sent in full, at first and on the replay',
    async (_, make) => {
      const { fixture, api } = await stale({ adapter });
      let made = 0;
      const body = async () => {
        made++;
        return make();
      };
      expect((await api.post('/upload', undefined, { authRefresh: { body } })).status).toBe(200);
      expect(made).toBe(2);
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
      // axios's fetch adapter does not ask a Blob for its type.
      adapter === 'http' ? /^text\/x-thing$/ : /./,
    ],
  ])('scenario 30: a body factory may give %s', async (_, make, expected, contentType) => {
    const { fixture, api } = await stale({ adapter });
    await api.post('/upload', undefined, { authRefresh: { body: make } });
    const sent = posts(fixture);
    expect(sent.map(({ body }) => body.toString())).toEqual([expected, expected]);
    for (const { headers } of sent) {
      expect(headers['content-type']).toMatch(contentType);
      expect(headers['content-length']).toBe(String(Buffer.byteLength(expected)));
    }
  });

  it('scenario 30: a body factory may give a native FormData, sent with the boundary it is written with', async () => {
    const { fixture, api } = await stale({ adapter });
    const headers = { 'content-type': 'multipart/form-data' };
    await api.post('/upload', undefined, { headers, authRefresh: { body: nativeForm } });
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(multipart(first)).toContain(BYTES.toString('latin1'));
    expect(multipart(second)).toBe(multipart(first));
  });

  it('scenario 30: a content type of the caller is kept with a body factory', async () => {
    const { fixture, api } = await stale({ adapter });
    const headers = { 'content-type': 'text/csv' };
    await api.post('/upload', undefined, { headers, authRefresh: { body: () => 'a,b\r\n1,2' } });
    expect(posts(fixture).map((request) => request.headers['content-type'])).toEqual([
      'text/csv',
      'text/csv',
    ]);
  });

  it.each<[string, AxiosRequestConfig]>([
    ['with an Authorization of the caller', { headers: { Authorization: 'Basic abc' } }],
    ['to another origin', { baseURL: '' }],
  ])('scenario 30: a body factory is used for a request %s too, never an empty body', async (_, config) => {
    const { api } = await stale({ adapter });
    const seen: SeenRequest[] = [];
    const other = await startServer((request, response) => {
      seen.push(request);
      sendJson(response, 200, {});
    });
    const url = `${other.url}/upload`;
    const answer = await api.post(url, undefined, { ...config, authRefresh: { body: () => 'full body' } });
    await other.close();
    expect(answer.status).toBe(200);
    expect(seen.map(({ body }) => body.toString())).toEqual(['full body']);
    expect(seen[0]?.headers.authorization ?? '').not.toMatch(/Bearer/);
  });

  it('scenario 30: a body factory that fails rejects with an error that says so, without a request', async () => {
    const { fixture, api } = await stale({ adapter });
    const body = () => Promise.reject(new Error('the file is locked'));
    const error = await api.post('/upload', undefined, { authRefresh: { body } }).catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'ERR_CALLBACK',
      message: expect.stringContaining('the file is locked'),
    });
    expect(posts(fixture)).toHaveLength(0);
  });

  it('scenario 31: validateStatus that accepts everything: a 401 is replayed, the second one is resolved', async () => {
    const { fixture, api } = await stale({ adapter });
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

  it('scenario 31: validateStatus that accepts everything, and a stream as body: the 401 is resolved', async () => {
    const { fixture, api } = await stale({ adapter });
    const make = adapter === 'http' ? () => Readable.from(['full']) : webStream;
    expect((await api.post('/data', make(), { validateStatus: () => true })).status).toBe(401);
    expect(posts(fixture)).toHaveLength(1);
  });

  it('scenario 32: responseType stream, a 500 KB 401 body: the replay is streamed, no hang', async () => {
    const { fixture, api } = await stale({ adapter });
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

  it('scenario 32: a 401 that is handed back as a stream can be read to its end', async () => {
    const { fixture, api } = await stale({ adapter });
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
    'scenario 34: responseType %s gives what axios gives without this package',
    async (responseType) => {
      const { fixture, api } = await stale({ adapter });
      const { data } = await api.get('/data', { responseType });
      const plain = axios.create({ baseURL: fixture.url, adapter, proxy: false });
      const headers = { Authorization: `Bearer ${fixture.issued[1]}` };
      const { data: expected } = await plain.get('/data', { responseType, headers });
      expect(inspect(data)).toBe(inspect(expected));
    },
  );

  it('scenario 34: 50 concurrent requests with a refused token share one fetch', async () => {
    const { fixture, api } = await stale({ adapter });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => api.post('/data', { n })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(fixture.tokenRequests).toHaveLength(2);
    const bodies = posts(fixture).map(({ body }) => body.toString());
    expect(bodies.sort()).toEqual(
      Array.from({ length: 50 }, (_, n) => [`{"n":${n}}`, `{"n":${n}}`])
        .flat()
        .sort(),
    );
  });

  it('scenario 34: an abort during a request rejects as cancelled; a second 401 is the answer of the API', async () => {
    const { fixture, api } = await stale({ adapter });
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

  it('scenario 34: the adapter may be given with the request, in a list and as a function', async () => {
    const { fixture, api } = await stale();
    const custom = getAdapter(adapter);
    let through = 0;
    for (const given of [
      adapter,
      ['xhr', adapter],
      (config: InternalAxiosRequestConfig) => {
        through++;
        return custom(config);
      },
    ]) {
      fixture.revokeAll();
      expect((await api.post('/data', { n: 1 }, { adapter: given as string })).status).toBe(200);
    }
    expect(through).toBe(2);
    expect(posts(fixture)).toHaveLength(6);
    expect(fixture.tokenRequests).toHaveLength(4);
  });
});

describe('bodies with the http adapter alone', () => {
  it('scenario 29: a native FormData given to post() is replayed byte by byte, headers included', async () => {
    const { fixture, api } = await stale();
    await api.post('/data', nativeForm());
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(multipart(first)).toContain(BYTES.toString('latin1'));
    expect(second.body.equals(first.body)).toBe(true);
    expect({ ...second.headers, authorization: '' }).toEqual({ ...first.headers, authorization: '' });
  });

  it('scenario 29: a native FormData with a boundary of the caller keeps it', async () => {
    const { fixture, api } = await stale();
    const headers = { 'content-type': 'multipart/form-data; boundary=chosen-by-the-caller' };
    await api.post('/data', nativeForm(), { headers });
    const [first, second] = posts(fixture) as [SeenRequest, SeenRequest];
    expect(first.headers['content-type']).toBe(headers['content-type']);
    expect(first.body.toString('latin1')).toContain('--chosen-by-the-caller--');
    expect(second.body.equals(first.body)).toBe(true);
  });

  it.each(['stream', 'json', 'arraybuffer'] as const)(
    'scenario 32: five requests, responseType %s, an agent with one socket, a 500 KB 401, the token at the same origin: no hang',
    async (responseType) => {
      const httpAgent = new Agent({ keepAlive: true, maxSockets: 1, maxTotalSockets: 1 });
      const { fixture, api } = await stale({ httpAgent });
      fixture.beforeApi = (request, response) => {
        if (request.headers.authorization === `Bearer ${fixture.issued[1]}`) return false;
        sendJson(response, 401, { padding: 'x'.repeat(500_000) });
        return true;
      };
      const read = async ({ data }: AxiosResponse): Promise<unknown> =>
        responseType === 'json'
          ? data
          : JSON.parse(String(Buffer.isBuffer(data) ? data : await buffer(data)));
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, n) => api.get(`/${n}`, { responseType }).then(read)),
      );
      expect(answers).toEqual(Array.from({ length: 5 }, (_, n) => ({ ok: true, url: `/${n}` })));
      expect(fixture.tokenRequests).toHaveLength(2);
      httpAgent.destroy();
    },
  );

  it('scenario 30: a large upload that is refused before it was read: the 401, no hang, then a new token', async () => {
    const { fixture, api } = await stale();
    // The server of the fixture reads bodies first; this one does not.
    const early = await startServer(() => {});
    early.server.removeAllListeners('request');
    early.server.on('request', (request, response) => {
      const known = request.headers.authorization === `Bearer ${fixture.issued[1]}`;
      if (known) request.resume().on('end', () => sendJson(response, 200, { ok: true }));
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

  it('scenario 30: a file that cannot be opened rejects, at first and when it vanished before the replay', async () => {
    const { fixture, api } = await stale();
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

describe('streams and the wait for a token', () => {
  it('scenario 30: a stream that fails while the token is fetched rejects its request, and is no uncaught error', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 60;
    const { api } = fixture.attach();
    const stream = new Readable({ read() {} });
    const upload = api.post('/upload', stream, { timeout: 2_000 }).catch((reason) => reason);
    await expect.poll(() => fixture.tokenRequests.length).toBe(1);
    // Nobody else listens while the request waits, and an error without a listener ends the process.
    expect(stream.listenerCount('error')).toBeGreaterThan(0);
    stream.destroy(new Error('the disk is gone'));
    expect((await upload).message).toContain('the disk is gone');
  });

  it('scenario 30: a stream is sent whole when a token has to be fetched first', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 60;
    const { api } = fixture.attach();
    expect((await api.post('/upload', Readable.from(['full ', 'body']))).status).toBe(200);
    expect(posts(fixture).map(({ body }) => body.toString())).toEqual(['full body']);
  });
});

describe('interceptors of the application', () => {
  it.each(['before', 'after'] as const)(
    'scenario 35: a response interceptor registered %s ours that turns errors into something else sees no 401',
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

  it('scenario 35: an interceptor that swallows errors or unwraps the data changes nothing', async () => {
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

  it('scenario 35: a request interceptor that makes a new config, or sets the adapter, does not lose the guard', async () => {
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
    'no interceptor, transform, response config or error ever holds the token (%s)',
    async (adapter) => {
      const fixture = await startFixture();
      const api = axios.create({ baseURL: fixture.url, proxy: false, adapter });
      const seen: string[] = [];
      const look = (place: string, config: InternalAxiosRequestConfig | undefined) => {
        const authorization = config?.headers?.get('authorization');
        seen.push(`${place}: ${authorization ?? 'nothing'}`);
      };
      const watch = (place: string) => {
        api.interceptors.request.use((config) => {
          look(`request ${place}`, config);
          return config;
        });
        api.interceptors.response.use(
          (response) => {
            look(`response ${place}`, response.config);
            return response;
          },
          (error) => {
            look(`error ${place}`, error.config);
            look(`error response ${place}`, error.response?.config);
            return Promise.reject(error);
          },
        );
      };
      watch('before');
      attachTo(api, fixture);
      watch('after');
      const given: AxiosRequestConfig = {
        headers: { 'X-Mine': '1' },
        transformRequest(data, headers) {
          seen.push(`transformRequest: ${headers.get('authorization') ?? 'nothing'}`);
          return data;
        },
        transformResponse(data) {
          look('transformResponse', this);
          return data;
        },
      };
      await api.get('/first');
      fixture.revokeAll();
      await api.post('/data', 'body', given);
      plan(fixture, 401, 401, 503, 200);
      const error = await api.post('/data', 'body', given).catch((reason) => reason);
      const retried = await api.get('/data', { headers: { 'X-Mine': '1' } });
      expect(seen.filter((line) => !line.endsWith(': nothing'))).toEqual([]);
      expect(seen.length).toBeGreaterThan(20);
      expect(new Set(seen.map((line) => line.split(' ')[0]))).toEqual(
        new Set(['request', 'response', 'error', 'transformRequest:', 'transformResponse:']),
      );
      expect(given.headers).toEqual({ 'X-Mine': '1' });
      for (const token of fixture.issued) {
        for (const shown of [error, error.config, error.response.config, retried.config, retried]) {
          expect(inspect(shown, { depth: 12 })).not.toContain(token);
        }
      }
      expect(fixture.apiRequests.at(-1)?.headers['x-mine']).toBe('1');
    },
  );
});

describe('an adapter that answers with objects', () => {
  it.each([{ on: 1, destroy: true }, { cancel: 'https://api.example.com/cancel' }])(
    'scenario 34: a 401 whose body has members with the names of stream methods is replayed: %o',
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
