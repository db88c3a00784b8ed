import { inspect } from 'node:util';
import axios, { type AxiosResponse, type CreateAxiosDefaults } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { type Handler, type SeenRequest, sendJson, startServer } from '../support/server.ts';

const ADAPTERS = ['http', 'fetch'];

async function start(handler: Handler) {
  const requests: SeenRequest[] = [];
  const { url, close } = await startServer((request, response) => {
    requests.push(request);
    return handler(request, response);
  });
  onTestFinished(close);
  return { url, requests };
}

/** Starts an API and its token endpoint, and attaches the plugin. */
async function attached(
  authorizationHeader: AuthRefreshOptions['authorizationHeader'],
  defaults: CreateAxiosDefaults = {},
  onApi: Handler = (_, response) => sendJson(response, 200, {}),
) {
  let tokens = 0;
  const server = await start((request, response) =>
    request.url === '/token'
      ? sendJson(response, 200, { access_token: `token-${++tokens}`, expires_in: 3600 })
      : onApi(request, response),
  );
  const api = axios.create({ baseURL: server.url, proxy: false, ...defaults });
  const { detach } = attachAuthRefresh(api, {
    vendor: oauth2Vendor({
      tokenEndpoint: `${server.url}/token`,
      clientId: 'client',
      clientSecret: 'secret',
    }),
    retry: { baseDelay: 1 },
    authorizationHeader,
  });
  onTestFinished(detach);
  const apiRequests = () => server.requests.filter(({ url }) => url !== '/token');
  return { api, apiRequests };
}

describe.each(ADAPTERS)('authorizationHeader with the %s adapter', (adapter) => {
  it.each([
    { header: undefined, field: 'authorization', value: 'Bearer token-1' },
    { header: {}, field: 'authorization', value: 'Bearer token-1' },
    { header: { scheme: 'Token' }, field: 'authorization', value: 'Token token-1' },
    { header: { scheme: '' }, field: 'authorization', value: 'token-1' },
    { header: { name: 'X-Access-Token' }, field: 'x-access-token', value: 'Bearer token-1' },
    { header: { name: 'X-Access-Token', scheme: '' }, field: 'x-access-token', value: 'token-1' },
    { header: { name: 'authorization', scheme: 'OAuth' }, field: 'authorization', value: 'OAuth token-1' },
  ])('sends $value in the field $field for $header', async ({ header, field, value }) => {
    const { api, apiRequests } = await attached(header, { adapter });
    await api.get('/data');
    expect(apiRequests()[0]?.headers).toMatchObject({ [field]: value });
    if (field !== 'authorization') expect(apiRequests()[0]?.headers).not.toHaveProperty('authorization');
  });

  it('replays with the new token after a 401, and retries with the same token after a 503', async () => {
    const answers = [401, 503, 200];
    const { api, apiRequests } = await attached(
      { name: 'X-Access-Token', scheme: '' },
      { adapter },
      (_, response) => sendJson(response, answers.shift() ?? 200, {}),
    );
    await api.get('/data');
    expect(apiRequests().map(({ headers }) => headers['x-access-token'])).toEqual([
      'token-1',
      'token-2',
      'token-2',
    ]);
  });

  it('leaves a request alone that has a field of this name in any case', async () => {
    const { api, apiRequests } = await attached({ name: 'X-Access-Token', scheme: '' }, { adapter });
    await api.get('/data', { headers: { 'x-access-TOKEN': 'mine' } });
    expect(apiRequests()[0]?.headers['x-access-token']).toBe('mine');
  });

  it('sends the token beside an Authorization field of the caller', async () => {
    const { api, apiRequests } = await attached(
      { name: 'X-Access-Token', scheme: '' },
      { adapter, headers: { Authorization: 'Basic Z2F0ZXdheTpwYXNz' } },
    );
    await api.get('/data');
    expect(apiRequests()[0]?.headers).toMatchObject({
      authorization: 'Basic Z2F0ZXdheTpwYXNz',
      'x-access-token': 'token-1',
    });
  });

  it('sends no token to another origin after a redirect', async () => {
    const other = await start((_, response) => sendJson(response, 200, {}));
    const { api } = await attached({ name: 'X-Access-Token', scheme: '' }, { adapter }, (_, response) => {
      response.writeHead(302, { location: `${other.url}/landed` }).end();
    });
    const outcome = await api.get('/data').catch((error) => error);
    // fetch would send the field, so its redirects are not followed.
    expect(outcome.status).toBe(adapter === 'http' ? 200 : 302);
    expect(other.requests).toHaveLength(adapter === 'http' ? 1 : 0);
    for (const { headers } of other.requests) expect(headers).not.toHaveProperty('x-access-token');
  });

  it.each([{}, { maxRedirects: 0 }])('erases the token from the request, with %o', async (config) => {
    const { api } = await attached(
      { name: 'X-Access-Token', scheme: '' },
      { adapter, ...config },
      (request, response) => sendJson(response, request.url === '/failed' ? 500 : 200, {}),
    );
    const outcomes: AxiosResponse[] = [
      await api.get('/data'),
      await api.get('/failed').catch((error) => error),
    ];
    for (const { request } of outcomes) {
      expect(inspect(request, { depth: 10, showHidden: true, customInspect: false })).not.toContain(
        'token-1',
      );
    }
  });
});

describe('authorizationHeader', () => {
  const vendor = oauth2Vendor({ tokenEndpoint: 'https://a.test/token', clientId: 'c', clientSecret: 's' });

  it.each([
    { name: '' },
    { name: 'X Access Token' },
    { name: 'X-Token:' },
    { name: 'X-Token\r\nX-Other' },
    { name: 'X-Tökén' },
    { scheme: 'Bearer ' },
    { scheme: 'two words' },
    { scheme: 'Bearer\n' },
  ])('%o is a configuration error that shows the value', (authorizationHeader) => {
    expect(() => attachAuthRefresh(axios.create(), { vendor, authorizationHeader })).toThrow(
      JSON.stringify({ name: 'Authorization', scheme: 'Bearer', ...authorizationHeader }),
    );
  });

  it('refuses a default header of the same name', () => {
    const api = axios.create({ headers: { 'x-access-token': 'mine' } });
    expect(() => attachAuthRefresh(api, { vendor, authorizationHeader: { name: 'X-Access-Token' } })).toThrow(
      /remove X-Access-Token .*from the defaults/,
    );
  });
});
