import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance } from 'axios';
import NpmFormData from 'form-data';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { type PlannedAnswer, plan } from '../support/plan.ts';
import { type SeenRequest, sendJson, startServer } from '../support/server.ts';

const BYTES = Buffer.from([...Array(256).keys(), 0, 13, 10, 0xff, 0xfe]);
const TEXT = 'Größe: 5 µm, 漢字, 🚀\r\n';
const MULTIPART = { headers: { 'Content-Type': 'multipart/form-data' } };

const posts = ({ apiRequests }: Fixture) => apiRequests.filter(({ method }) => method !== 'GET');

function npmForm(): NpmFormData {
  const form = new NpmFormData();
  form.append('name', TEXT);
  form.append('file', BYTES, { filename: 'thing.bin', contentType: 'application/x-thing' });
  return form;
}

function nativeForm(): FormData {
  const form = new FormData();
  form.append('name', TEXT);
  form.append('file', new Blob([BYTES]), 'thing.bin');
  return form;
}

/** Checks that all sends have the same multipart body, whose boundary is in the header. */
function expectIdentical(sent: SeenRequest[], count: number): SeenRequest {
  const [first] = sent as [SeenRequest];
  const type = first.headers['content-type'] ?? '';
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(type)?.[1];
  expect(first.body.toString('latin1').endsWith(`--${boundary}--\r\n`)).toBe(true);
  expect(sent).toHaveLength(count);
  for (const { body, headers } of sent) {
    expect(body.equals(first.body)).toBe(true);
    expect(headers['content-type']).toBe(type);
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['transfer-encoding']).toBeUndefined();
  }
  return first;
}

const OBJECTS: [string, (api: AxiosInstance) => Promise<{ status: number }>, (Buffer | string)[]][] = [
  ['postForm', (api) => api.postForm('/d', { name: TEXT, tags: ['x', 'y'] }), [TEXT, 'name="tags[]"']],
  ['putForm', (api) => api.putForm('/d', { a: { b: 1 } }), ['name="a[b]"']],
  ['patchForm', (api) => api.patchForm('/d', { file: BYTES }), [BYTES]],
  ['postForm with an empty object', (api) => api.postForm('/d', {}), []],
  ['post with the content type', (api) => api.post('/d', { file: BYTES, n: null }, MULTIPART), [BYTES]],
  ['npm form-data', (api) => api.post('/d', npmForm()), [BYTES, TEXT, 'application/x-thing']],
];

const ANSWERS: [string, PlannedAnswer[], number][] = [
  ['replays', [401], 2],
  ['retries', [429], 2],
  ['replays and retries', [401, 429, 401], 4],
];

describe.each(['http', 'fetch'])('with the %s adapter', (adapter) => {
  describe.each(ANSWERS)('%s', (_, answers, count) => {
    it.each(OBJECTS)('%s byte for byte', async (_, send, parts) => {
      const fixture = await startFixture();
      const { api } = fixture.attach({}, { adapter });
      plan(fixture, ...answers);
      expect((await send(api)).status).toBe(200);
      const { body } = expectIdentical(posts(fixture), count);
      for (const part of parts) expect(body.includes(part)).toBe(true);
    });
  });
});

describe('with the http adapter', () => {
  // Without the plugin, axios sends an empty object as an empty body, which is not a form.
  it.each(OBJECTS.filter(([name]) => !name.includes('empty')))(
    'sends %s as axios sends it',
    async (_, send) => {
      const fixture = await startFixture();
      plan(fixture, 200);
      await send(axios.create({ baseURL: fixture.url, proxy: false }));
      await send(fixture.attach().api);
      const [plain, ours] = posts(fixture).map(({ headers, body }) => {
        const boundary = headers['content-type']?.split('boundary=')[1] ?? '';
        const { authorization, 'content-type': type, ...others } = headers;
        return [others, type?.replace(boundary, ''), body.toString('latin1').replaceAll(boundary, '')];
      });
      expect(ours).toEqual(plain);
    },
  );

  it.each<[string, () => NpmFormData]>([
    [
      'a stream',
      () => {
        const form = new NpmFormData();
        form.append('file', Readable.from([BYTES]), { filename: 'thing.bin' });
        return form;
      },
    ],
    [
      'a file stream of a known length',
      () => {
        const form = new NpmFormData();
        form.append('file', createReadStream('package.json'), { knownLength: statSync('package.json').size });
        return form;
      },
    ],
  ])('returns the 401 of a form with %s, which can be sent only once', async (_, make) => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    plan(fixture, 401);
    await expect(api.post('/d', make(), { maxRedirects: 0 })).rejects.toMatchObject({
      response: { status: 401 },
    });
    expect(posts(fixture)).toHaveLength(1);
  });

  it('keeps a part whose header is a string of the caller', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const form = new NpmFormData();
    form.append('file', BYTES, { header: `\r\n--${form.getBoundary()}\r\nX-Own: 1\r\n\r\n` });
    await api.post('/d', form);
    expect(posts(fixture)[0]?.body.toString('latin1')).toContain(
      `X-Own: 1\r\n\r\n${BYTES.toString('latin1')}\r\n--`,
    );
  });

  it('keeps the config of the caller: a config that is sent again has the same form', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: false });
    plan(fixture, 503);
    const error = await api.postForm('/d', { name: 'one' }).catch((reason) => reason);
    await api.request(error.config);
    expectIdentical(posts(fixture), 2);
  });

  it.each<[string, object, boolean]>([
    ['with authRefresh: false', { authRefresh: false }, false],
    ['with credentials of the caller', { headers: { Authorization: 'Basic own' } }, false],
    ['to another origin', {}, true],
  ])('retries a native FormData with the same boundary %s', async (_, config, isForeign) => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const seen: SeenRequest[] = [];
    const other = await startServer((request, response) => {
      seen.push(request);
      sendJson(response, seen.length < 2 ? 429 : 200, {});
    });
    onTestFinished(() => other.close());
    plan(fixture, 429, 200);
    const url = isForeign ? `${other.url}/d` : '/d';
    expect((await api.post(url, nativeForm(), config)).status).toBe(200);
    expectIdentical(isForeign ? seen : posts(fixture), 2);
  });
});

describe('after detach()', () => {
  it('calls the body factory of a request that waits for its retry', async () => {
    const fixture = await startFixture();
    const { api, detach } = fixture.attach({
      retry: { baseDelay: 40 },
      onEvent: ({ type }) => {
        if (type === 'retry') detach();
      },
    });
    plan(fixture, 429, 200);
    const body = () => Readable.from(['full ', 'body']);
    await api.post('/d', undefined, { authRefresh: { body } });
    expect(posts(fixture).map((request) => request.body.toString())).toEqual(['full body', 'full body']);
    expect(posts(fixture)[1]?.headers.authorization).toBeUndefined();
  });
});
