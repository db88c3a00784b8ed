import axios, { type AxiosInstance } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { describe, expect, it } from 'vitest';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { attachTo } from '../support/attach-to.ts';
import { startFixture } from '../support/fixture.ts';

// The mock's types are of axios's CommonJS build, which TypeScript holds to be another class.
const mockOf = (instance: AxiosInstance) =>
  new MockAdapter(instance as unknown as ConstructorParameters<typeof MockAdapter>[0]);

/** An instance with a mock set before or after this package is attached; tokens come from a real server. */
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

describe.each(['before', 'after'] as const)('axios-mock-adapter set %s attaching', (order) => {
  it('scenario 10: replyOnce(401), then 200: the request is replayed with a new token', async () => {
    const { fixture, api, mock, bearers, events } = await mocked(order);
    mock.onGet('/data').replyOnce(401).onGet('/data').reply(200, { ok: true });
    expect((await api.get('/data')).data).toEqual({ ok: true });
    expect(bearers()).toEqual(fixture.issued.map((token) => `Bearer ${token}`));
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'replay')).toHaveLength(1);
  });

  it('the same with header fields and an absolute URL in the answer', async () => {
    const { fixture, api, mock } = await mocked(order);
    const url = `${fixture.url}/data`;
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
    mock.onPost(url).replyOnce(401, {}, challenge).onPost(url).reply(200, { ok: true });
    expect((await api.post(url, { n: 1 })).data).toEqual({ ok: true });
    expect(mock.history.post.map(({ data }) => data)).toEqual(['{"n":1}', '{"n":1}']);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('the same with a challenge that no token cures: handed back', async () => {
    const { fixture, api, mock, sent } = await mocked(order);
    const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope"' };
    mock.onGet('/data').reply(401, {}, challenge);
    await expect(api.get('/data')).rejects.toMatchObject({ response: { status: 401 } });
    expect(sent()).toHaveLength(1);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('scenario 8: 401 for ever is handed back after one replay', async () => {
    const { fixture, api, mock, sent } = await mocked(order);
    mock.onGet('/data').reply(401, { code: 'bad.credentials' });
    const error = await api.get('/data').catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error.response).toMatchObject({ status: 401, data: { code: 'bad.credentials' } });
    expect(sent()).toHaveLength(2);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('scenario 1: concurrent refused requests share one fetch', async () => {
    const { fixture, api, mock } = await mocked(order);
    mock.onGet(/./).reply(({ headers }) => {
      const known = headers?.Authorization === `Bearer ${fixture.issued[1]}`;
      return [known ? 200 : 401, {}];
    });
    await Promise.all(Array.from({ length: 20 }, (_, n) => api.get(`/data/${n}`)));
    expect(mock.history.get).toHaveLength(40);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('scenario 25: 401, 503, 200 is replayed and retried', async () => {
    const { fixture, api, mock, sent } = await mocked(order);
    mock.onGet('/data').replyOnce(401).onGet('/data').replyOnce(503).onGet('/data').reply(200, 'done');
    expect((await api.get('/data')).data).toBe('done');
    expect(sent()).toHaveLength(3);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('the mock can be taken off again', async () => {
    const { fixture, api, mock } = await mocked(order);
    mock.onGet('/data').reply(200, 'mocked');
    expect((await api.get('/data')).data).toBe('mocked');
    mock.restore();
    expect((await api.get('/data')).data).toEqual({ ok: true, url: '/data' });
    expect(fixture.apiRequests).toHaveLength(1);
  });

  it('what the mock does not know stays a 404, and opted-out requests carry no token', async () => {
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

it('the token endpoint can be mocked as well, by way of tokenClient: nothing goes over the wire', async () => {
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
