import axios, { Axios, type AxiosError, type AxiosInstance } from 'axios';
import axiosRetry from 'axios-retry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachAuthRefresh, clientSecretPost, oauth2Vendor, type Vendor } from '../../src/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { CLIENT_SECRET, startFixture } from '../support/fixture.ts';
import { sendJson, startServer } from '../support/server.ts';

const statusOf = (request: Promise<{ status: number }>) =>
  request.then(
    ({ status }) => status,
    (error: AxiosError) => error.response?.status,
  );

describe('when the instance already has axios-retry', () => {
  const eager = { retries: 3, retryDelay: () => 1, retryCondition: () => true };

  it('applies the policy of the plugin if axios-retry was attached before', async () => {
    const fixture = await startFixture();
    fixture.onApi = (_, response) => sendJson(response, 503, {});
    const api = axios.create({ baseURL: fixture.url, proxy: false });
    axiosRetry(api, eager);
    attachAuthRefresh(api, { vendor: fixture.vendor(), retry: { baseDelay: 1 } });
    expect(await statusOf(api.post('/data', {}))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it("applies the application's policy if axios-retry was attached afterwards", async () => {
    const fixture = await startFixture();
    fixture.onApi = (_, response) => sendJson(response, 503, {});
    const { api } = fixture.attach({ retry: { baseDelay: 1 } });
    axiosRetry(api, eager);
    expect(await statusOf(api.post('/data', {}))).toBe(503);
    expect(fixture.apiRequests).toHaveLength(4);
  });
});

describe('when the API refuses every token', () => {
  it('does not fetch a token for each request', async () => {
    const fixture = await startFixture();
    fixture.beforeApi = (_, response) => {
      sendJson(response, 401, {});
      return true;
    };
    const { api } = fixture.attach();
    for (let i = 0; i < 30; i++) expect(await statusOf(api.get('/broken'))).toBe(401);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('refreshes the token again after the API has accepted one', async () => {
    const fixture = await startFixture();
    let broken = true;
    fixture.beforeApi = (_, response) => {
      if (broken) sendJson(response, 401, {});
      return broken;
    };
    const { api } = fixture.attach();
    for (let i = 0; i < 3; i++) await statusOf(api.get('/broken'));
    expect(fixture.tokenRequests).toHaveLength(2);
    broken = false;
    expect(await statusOf(api.get('/data'))).toBe(200);
    fixture.revokeAll();
    expect(await statusOf(api.get('/data'))).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(3);
  });
});

describe('when the application uses unusual defaults', () => {
  it('sends nothing of axios.defaults with a token request', async () => {
    const fixture = await startFixture();
    let otherRequests = 0;
    const other = await startServer((_, response) => {
      otherRequests++;
      response.end('{}');
    });
    onTestFinished(() => other.close());
    const before = {
      ...axios.defaults,
      headers: { ...axios.defaults.headers, common: { ...axios.defaults.headers.common } },
    };
    onTestFinished(() => {
      for (const key of ['auth', 'baseURL', 'allowAbsoluteUrls', 'params'] as const)
        delete axios.defaults[key];
      Object.assign(axios.defaults, before);
    });
    axios.defaults.auth = { username: 'legacy', password: 'legacy-password' };
    axios.defaults.baseURL = other.url;
    axios.defaults.allowAbsoluteUrls = false;
    axios.defaults.params = { lang: 'de' };
    axios.defaults.headers.common.Authorization = 'Bearer of-a-user';

    const tokenEndpoint = `${fixture.url}/oauth/token`;
    const client = { tokenEndpoint, clientId: 'client', clientSecret: CLIENT_SECRET };
    for (const vendor of [
      oauth2Vendor(client),
      oauth2Vendor({ ...client, clientAuthentication: clientSecretPost }),
    ]) {
      const { createTokenManager } = await import('../../src/token/token-manager.ts');
      await createTokenManager({ vendor }).getToken();
    }
    const basic = `Basic ${Buffer.from(`client:${CLIENT_SECRET}`).toString('base64')}`;
    expect(fixture.tokenRequests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/oauth/token', basic],
      ['/oauth/token', undefined],
    ]);
    expect(otherRequests).toBe(0);
  });

  it('sends the token if auth is null', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { auth: null } as object);
    expect(await statusOf(api.get('/data', { auth: null } as object))).toBe(200);
  });

  it('sends a frozen config with the token', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    // An interceptor that is added later runs earlier.
    api.interceptors.request.use((config) => Object.freeze(config));
    expect(await statusOf(api.get('/data'))).toBe(200);
  });

  it('requires axios.create() unless retry is false', async () => {
    const fixture = await startFixture();
    const api = new Axios({ ...axios.defaults, baseURL: fixture.url } as never) as AxiosInstance;
    const attach = (retry?: false) => attachAuthRefresh(api, { vendor: fixture.vendor(), retry });
    expect(() => attach()).toThrow(/axios\.create\(\)/);
    attach(false);
    expect(await statusOf(api.get('/data'))).toBe(200);
  });
});

describe('a custom vendor', () => {
  it('whose login fails does not fail requests to other hosts', async () => {
    const other = await startServer((_, response) => sendJson(response, 200, {}));
    onTestFinished(() => other.close());
    const vendor: Vendor = {
      name: 'Announcing',
      resourceOrigins: [],
      announcesApi: true,
      grant: async () => {
        throw new Error('login is down');
      },
    };
    const api = axios.create({ proxy: false });
    attachAuthRefresh(api, { vendor });
    expect(await statusOf(api.get(`${other.url}/public`))).toBe(200);
    await expect(api.get('/relative')).rejects.toMatchObject({ name: 'AuthRefreshError' });
  });

  it('that announces another API with a new token causes no replay to the old API', async () => {
    const fixture = await startFixture();
    fixture.valid.add('first');
    let fetches = 0;
    const vendor: Vendor = {
      name: 'Moving',
      resourceOrigins: [],
      announcesApi: true,
      grant: async () =>
        fetches++ === 0
          ? { accessToken: 'first', apiBaseUrl: fixture.url }
          : { accessToken: 'second', apiBaseUrl: 'https://moved.example.com' },
    };
    const api = axios.create({ proxy: false });
    attachAuthRefresh(api, { vendor });
    expect(await statusOf(api.get(`${fixture.url}/data`))).toBe(200);
    fixture.revokeAll();
    expect(await statusOf(api.get(`${fixture.url}/data`))).toBe(401);
    expect(fixture.apiRequests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer first',
    ]);
  });

  it.each([
    ['returns apiBaseUrl without announcesApi', undefined, undefined],
    ['states another apiBaseUrl than its token', undefined, 'https://api.example.com'],
    ['sets announcesApi to false', false, undefined],
  ])('that %s sends no token to the URL of the token', async (_, announcesApi, apiBaseUrl) => {
    const fixture = await startFixture();
    fixture.beforeApi = (_request, response) => {
      sendJson(response, 200, {});
      return true;
    };
    const vendor: Vendor = {
      name: 'Careless',
      resourceOrigins: [],
      announcesApi,
      apiBaseUrl,
      grant: async () => ({ accessToken: 'first', apiBaseUrl: fixture.url }),
    };
    const api = axios.create({ proxy: false });
    const { tokens } = attachAuthRefresh(api, { vendor });
    expect((await tokens.getToken()).apiBaseUrl).toBeUndefined();
    expect(await statusOf(api.get(`${fixture.url}/data`))).toBe(200);
    expect(fixture.apiRequests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('of Genesys Cloud finds ip.not.authorized in an arraybuffer', async () => {
    const fixture = await startFixture();
    fixture.beforeApi = (_, response) => {
      sendJson(response, 401, { code: 'ip.not.authorized' });
      return true;
    };
    const { url: envUrl } = fixture;
    const api = axios.create({ baseURL: envUrl, proxy: false });
    attachAuthRefresh(api, {
      vendor: genesysCloud({ envUrl, clientId: 'client', clientSecret: CLIENT_SECRET }),
    });
    expect(await statusOf(api.get('/file', { responseType: 'arraybuffer' }))).toBe(401);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it("whose isReadOnly throws leaves the API's error unchanged", async () => {
    const fixture = await startFixture();
    fixture.onApi = (_, response) => sendJson(response, 503, {});
    const isReadOnly = () => {
      throw new TypeError('a bug');
    };
    const { api } = fixture.attach({ vendor: { ...fixture.vendor(), isReadOnly } });
    expect(await statusOf(api.post('/data', {}))).toBe(503);
  });
});
