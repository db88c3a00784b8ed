import { describe, expect, it } from 'vitest';
import type { AuthRefreshOptions } from '../../src/index.ts';
import { startFixture } from '../support/fixture.ts';
import { sendJson } from '../support/server.ts';

/** Sends a request whose first token the API refuses with a status, a body and header fields. */
async function refuseFirstToken(
  options: Partial<AuthRefreshOptions>,
  { status = 401, body = {} as unknown, headers = {} } = {},
  config: object = {},
) {
  const fixture = await startFixture();
  fixture.beforeApi = ({ headers: sent }, response) => {
    const isFirst = sent.authorization === `Bearer ${fixture.issued[0]}`;
    if (!isFirst) return false;
    if (typeof body === 'string') response.writeHead(status, headers).end(body);
    else sendJson(response, status, body, headers);
    return true;
  };
  const { api } = fixture.attach({ retry: false, ...options });
  const answer = await api.get('/data', { validateStatus: () => true, ...config });
  return { status: answer.status, replayed: fixture.apiRequests.length === 2 };
}

const scope = { 'www-authenticate': 'Bearer error="insufficient_scope"' };
const expired = (_: unknown, body: { expired?: boolean } | undefined) => (body?.expired ? true : undefined);

describe('statusCodes and shouldRefresh', () => {
  const answers: [string, Partial<AuthRefreshOptions>, Parameters<typeof refuseFirstToken>[1], boolean][] = [
    ['401 by default', {}, { status: 401 }, true],
    ['403 by default', {}, { status: 403 }, false],
    ['403 in statusCodes', { statusCodes: [401, 403] }, { status: 403 }, true],
    ['419 in statusCodes', { statusCodes: [419] }, { status: 419 }, true],
    ['401 outside of statusCodes', { statusCodes: [498] }, { status: 401 }, false],
    ['500 in statusCodes', { statusCodes: [401, 500] }, { status: 500 }, true],
    [
      '403 in statusCodes with insufficient_scope',
      { statusCodes: [403] },
      { status: 403, headers: scope },
      false,
    ],
    [
      '403 that shouldRefresh accepts',
      { shouldRefresh: expired },
      { status: 403, body: { expired: true } },
      true,
    ],
    ['403 about which shouldRefresh says nothing', { shouldRefresh: expired }, { status: 403 }, false],
    ['401 about which shouldRefresh says nothing', { shouldRefresh: expired }, { status: 401 }, true],
    ['401 that shouldRefresh refuses', { shouldRefresh: () => false }, { status: 401 }, false],
    ['400 that shouldRefresh accepts', { shouldRefresh: () => true }, { status: 400 }, true],
    ['408, about which shouldRefresh is not asked', { shouldRefresh: () => true }, { status: 408 }, false],
    ['429, about which shouldRefresh is not asked', { shouldRefresh: () => true }, { status: 429 }, false],
    ['500, about which shouldRefresh is not asked', { shouldRefresh: () => true }, { status: 500 }, false],
    [
      '429 in statusCodes that shouldRefresh accepts',
      { statusCodes: [429], shouldRefresh: () => true },
      { status: 429 },
      true,
    ],
    [
      '403 in statusCodes about which shouldRefresh says nothing',
      { statusCodes: [403], shouldRefresh: expired },
      { status: 403 },
      true,
    ],
    ['404 outside of statusCodes', { statusCodes: [403], shouldRefresh: () => true }, { status: 404 }, false],
    [
      '200 that shouldRefresh accepts',
      { statusCodes: [200], shouldRefresh: expired },
      { status: 200, body: { expired: true } },
      true,
    ],
    [
      '200 about which shouldRefresh says nothing',
      { statusCodes: [200], shouldRefresh: expired },
      { status: 200 },
      false,
    ],
  ];
  it.each(answers.filter(([, , , isReplayed]) => isReplayed))(
    'replay a request after %s',
    async (_, options, answer) => {
      expect(await refuseFirstToken(options, answer)).toEqual({ replayed: true, status: 200 });
    },
  );

  it.each(answers.filter(([, , , isReplayed]) => !isReplayed))('return %s', async (_, options, answer) => {
    expect(await refuseFirstToken(options, answer)).toEqual({ replayed: false, status: answer?.status });
  });

  it.each<[string, string, object, unknown, unknown]>([
    ['JSON', '{"a":1}', {}, '{"a":1}', { a: 1 }],
    ['text', 'no', {}, 'no', 'no'],
    ['JSON as binary data', '{"a":1}', { responseType: 'arraybuffer' }, expect.any(Buffer), { a: 1 }],
    [
      'a stream',
      '{"a":1}',
      { responseType: 'stream' },
      expect.objectContaining({ readable: true }),
      undefined,
    ],
  ])('pass the data and the parsed body: %s', async (_, text, config, data, body) => {
    const calls: unknown[][] = [];
    const shouldRefresh: AuthRefreshOptions['shouldRefresh'] = (response, parsed) => {
      calls.push([response.data, parsed]);
      return false;
    };
    await refuseFirstToken({ shouldRefresh }, { status: 403, body: text }, config);
    expect(calls).toEqual([[data, body]]);
  });

  it('do not count a refusal with 200 as an accepted token', async () => {
    const fixture = await startFixture();
    fixture.beforeApi = (_, response) => {
      sendJson(response, 200, { expired: true });
      return true;
    };
    const { api } = fixture.attach({ statusCodes: [200], shouldRefresh: expired });
    for (let i = 0; i < 20; i++) await api.get('/data');
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it.each<[string, Partial<AuthRefreshOptions>]>([
    ['a fraction', { statusCodes: [401.5] }],
    ['a text', { statusCodes: ['401' as never] }],
    ['600', { statusCodes: [600] }],
    ['199', { statusCodes: [199], shouldRefresh: () => true }],
    ['200 without shouldRefresh', { statusCodes: [401, 200] }],
    ['302 without shouldRefresh', { statusCodes: [302] }],
  ])('refuse %s', async (_, options) => {
    const fixture = await startFixture();
    expect(() => fixture.attach(options)).toThrow(/statusCodes must be integers from 400 to 599/);
  });
});

describe('a 401 whose body cannot be read', () => {
  const large = JSON.stringify({ text: 'x'.repeat(200_000) });

  it.each<[string, object, string, object?]>([
    ['beyond maxContentLength, http', { adapter: 'http', maxContentLength: 1_000 }, large],
    [
      'beyond maxContentLength as a Buffer, http',
      { adapter: 'http', maxContentLength: 1_000, responseType: 'arraybuffer' },
      large,
    ],
    ['beyond maxContentLength, fetch', { adapter: 'fetch', maxContentLength: 1_000 }, large],
    ['that is not form data, fetch', { adapter: 'fetch', responseType: 'formdata' }, '{}'],
    [
      'that is not compressed as stated, http',
      { adapter: 'http' },
      'not gzip',
      { 'content-encoding': 'gzip' },
    ],
    [
      'that is not compressed as stated, fetch',
      { adapter: 'fetch' },
      'not gzip',
      { 'content-encoding': 'gzip' },
    ],
    [
      'that is compressed as stated but too long, http',
      { adapter: 'http', responseType: 'stream', maxContentLength: 10 },
      '{}',
    ],
  ])('is replayed: %s', async (_, config, body, headers = {}) => {
    const { responseType, ...rest } = config as { responseType?: string };
    const ok = responseType === 'formdata' ? { ...rest, responseType } : config;
    const fixture = await startFixture();
    let refused = 0;
    fixture.beforeApi = ({ headers: sent }, response) => {
      if (sent.authorization !== `Bearer ${fixture.issued[0]}`) return false;
      refused++;
      response.writeHead(401, { 'content-type': 'application/json', ...headers }).end(body);
      return true;
    };
    fixture.onApi = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' }).end('a=1');
    };
    const { api } = fixture.attach({ retry: false });
    expect((await api.get('/data', ok)).status).toBe(200);
    expect(refused).toBe(1);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it.each(['http', 'fetch'])('is replayed if the body is cut short or never ends, %s', async (adapter) => {
    for (const end of ['cut', 'hang']) {
      const fixture = await startFixture();
      fixture.beforeApi = ({ headers }, response) => {
        if (headers.authorization !== `Bearer ${fixture.issued[0]}`) return false;
        response.writeHead(401, { 'content-length': '100' });
        response.write('{', () => end === 'cut' && setTimeout(() => response.destroy(), 20));
        return true;
      };
      const { api } = fixture.attach({ retry: false });
      expect((await api.get('/data', { adapter, timeout: 300 })).status).toBe(200);
      expect(fixture.tokenRequests).toHaveLength(2);
    }
  });

  it.each(['http', 'fetch'])('is not replayed after an abort, %s', async (adapter) => {
    const fixture = await startFixture();
    const controller = new AbortController();
    fixture.beforeApi = (_, response) => {
      response.writeHead(401, { 'content-length': '100' });
      response.write('{', () => setTimeout(() => controller.abort(), 50));
      return true;
    };
    const { api } = fixture.attach({ retry: false });
    await expect(api.get('/data', { adapter, signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_CANCELED',
    });
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each(['http', 'fetch'])(
    "ends with axios's own error if the replay is refused too, %s",
    async (adapter) => {
      const fixture = await startFixture();
      fixture.beforeApi = (_, response) => {
        response.writeHead(401, { 'content-type': 'application/json' }).end(large);
        return true;
      };
      const { api } = fixture.attach({ retry: false });
      await expect(api.get('/data', { adapter, maxContentLength: 1_000 })).rejects.toMatchObject({
        name: 'AxiosError',
        message: 'maxContentLength size of 1000 exceeded',
      });
      expect(fixture.apiRequests).toHaveLength(2);
    },
  );

  it.each(['http', 'fetch'])('is not replayed if the Bearer challenge excludes it, %s', async (adapter) => {
    const fixture = await startFixture();
    fixture.beforeApi = (_, response) => {
      response.writeHead(401, scope).end(large);
      return true;
    };
    const { api } = fixture.attach({ retry: false });
    await expect(api.get('/data', { adapter, maxContentLength: 1_000 })).rejects.toThrow(/maxContentLength/);
    expect(fixture.tokenRequests).toHaveLength(1);
  });
});
