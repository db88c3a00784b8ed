import axios, { type AxiosInstance } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { describe, expect, it } from 'vitest';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { attachTo } from '../support/attach-to.ts';
import { startFixture } from '../support/fixture.ts';

// The mock uses the types of the CommonJS build of axios, which TypeScript treats as another class.
const mockOf = (instance: AxiosInstance) =>
  new MockAdapter(instance as unknown as ConstructorParameters<typeof MockAdapter>[0]);

/** Returns an instance whose mock is set before or after this package is attached. Tokens come from a real server. */
async function mocked(order: 'before' | 'after') {
  const fixture = await startFixture();
  const api = axios.create({ baseURL: fixture.url });
  const early = order === 'before' ? mockOf(api) : undefined;
  const attachment = attachTo(api, fixture);
  const mock = early ?? mockOf(api);
  const sent = () => Object.values(mock.history).flat();
  const bearers = () => sent().map(({ headers }) => headers?.Authorization);
  return { fixture, api, mock, sent, bearers, ...attachment };
}

describe.each(['before', 'after'] as const)('when axios-mock-adapter is set up %s attaching', (order) => {
  it('replays a request with a new token after replyOnce(401)', async () => {
    const { fixture, api, mock, bearers, events } = await mocked(order);
    mock.onGet('/data').replyOnce(401).onGet('/data').reply(200, { ok: true });
    expect((await api.get('/data')).data).toEqual({ ok: true });
    expect(bearers()).toEqual(fixture.issued.map((token) => `Bearer ${token}`));
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'replay')).toHaveLength(1);
  });

  it('replays a POST to an absolute URL after a mocked 401 with an invalid_token challenge', async () => {
    const { fixture, api, mock } = await mocked(order);
    const url = `${fixture.url}/data`;
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
    mock.onPost(url).replyOnce(401, {}, challenge).onPost(url).reply(200, { ok: true });
    expect((await api.post(url, { n: 1 })).data).toEqual({ ok: true });
    expect(mock.history.post.map(({ data }) => data)).toEqual(['{"n":1}', '{"n":1}']);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('returns a mocked 401 with an insufficient_scope challenge to the caller without a token fetch', async () => {
    const { fixture, api, mock, sent } = await mocked(order);
    const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope"' };
    mock.onGet('/data').reply(401, {}, challenge);
    await expect(api.get('/data')).rejects.toMatchObject({ response: { status: 401 } });
    expect(sent()).toHaveLength(1);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('returns a permanent 401 to the caller after one replay', async () => {
    const { fixture, api, mock, sent } = await mocked(order);
    mock.onGet('/data').reply(401, { code: 'bad.credentials' });
    const error = await api.get('/data').catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error.response).toMatchObject({ status: 401, data: { code: 'bad.credentials' } });
    expect(sent()).toHaveLength(2);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('fetches one token for concurrent requests with a rejected token', async () => {
    const { fixture, api, mock } = await mocked(order);
    mock.onGet(/./).reply(({ headers }) => {
      const known = headers?.Authorization === `Bearer ${fixture.issued[1]}`;
      return [known ? 200 : 401, {}];
    });
    await Promise.all(Array.from({ length: 20 }, (_, n) => api.get(`/data/${n}`)));
    expect(mock.history.get).toHaveLength(40);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('replays after a 401 and retries after a 503', async () => {
    const { fixture, api, mock, sent } = await mocked(order);
    mock.onGet('/data').replyOnce(401).onGet('/data').replyOnce(503).onGet('/data').reply(200, 'done');
    expect((await api.get('/data')).data).toBe('done');
    expect(sent()).toHaveLength(3);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('sends real requests after the mock is removed', async () => {
    const { fixture, api, mock } = await mocked(order);
    mock.onGet('/data').reply(200, 'mocked');
    expect((await api.get('/data')).data).toBe('mocked');
    mock.restore();
    expect((await api.get('/data')).data).toEqual({ ok: true, url: '/data' });
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it('returns a 404 for a URL that is not mocked, and sends opted-out requests without a token', async () => {
    const { fixture, api, mock, bearers } = await mocked(order);
    mock.onGet('/known').reply(401);
    await expect(api.get('/unknown')).rejects.toMatchObject({ response: { status: 404 } });
    await expect(api.get('/known', { authRefresh: false })).rejects.toMatchObject({
      response: { status: 401 },
    });
    expect(bearers()).toEqual([`Bearer ${fixture.issued[0]}`, undefined]);
    expect(fixture.tokenRequests).toHaveLength(1);
  });
});

it('sends nothing over the wire if the token endpoint is mocked too, with tokenClient', async () => {
  const tokenEndpoint = 'https://login.example.com/oauth/token';
  const fixture = await startFixture();
  const tokenClient = axios.create();
  const login = mockOf(tokenClient);
  let issued = 0;
  login.onPost(tokenEndpoint).reply(() => [200, { access_token: `mocked-${++issued}`, expires_in: 3600 }]);
  const api = axios.create({ baseURL: 'https://api.example.com' });
  const mock = mockOf(api);
  mock.onGet('/data').replyOnce(401).onGet('/data').reply(200, { ok: true });
  const vendor = oauth2Vendor({ tokenEndpoint, clientId: 'client', clientSecret: 'secret' });
  attachTo(api, fixture, { vendor, tokenClient });
  expect((await api.get('/data')).data).toEqual({ ok: true });
  expect(mock.history.get.map(({ headers }) => headers?.Authorization)).toEqual([
    'Bearer mocked-1',
    'Bearer mocked-2',
  ]);
  expect(fixture.tokenRequests).toHaveLength(0);
});
