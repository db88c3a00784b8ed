import axios, { type AxiosInstance } from 'axios';
import otherAxiosModule from 'axios-other-copy';
import { describe, expect, it } from 'vitest';
import { isAuthRefreshError } from '../../src/core/errors.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { attachTo } from '../support/attach-to.ts';
import { CLIENT_SECRET, startFixture } from '../support/fixture.ts';
import { plan } from '../support/plan.ts';
import { sendJson } from '../support/server.ts';

/** axios 1.5.0, next to the axios that this package imports. */
const otherAxios = otherAxiosModule as unknown as typeof axios;

async function attachedCopy() {
  const fixture = await startFixture();
  const api = otherAxios.create({ baseURL: fixture.url, proxy: false });
  const attachment = attachTo(api, fixture);
  await api.get('/first');
  fixture.revokeAll();
  return { fixture, api, ...attachment };
}

describe('when the instance belongs to another copy of axios', () => {
  it('runs on two copies: the current version and the oldest supported one', () => {
    expect(otherAxios.VERSION).toBe('1.5.0');
    expect(otherAxios.AxiosError).not.toBe(axios.AxiosError);
  });

  it('replays concurrent requests with a rejected token after one token fetch', async () => {
    const { fixture, api } = await attachedCopy();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => api.post('/data', { n })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('returns a second 401 of the API to the caller, as an axios error for both copies', async () => {
    const { fixture, api } = await attachedCopy();
    plan(fixture, 401, 401);
    const error = await api.get('/data').catch((reason) => reason);
    expect(error.response).toMatchObject({ status: 401, data: { planned: 401 } });
    expect([axios.isAxiosError(error), otherAxios.isAxiosError(error)]).toEqual([true, true]);
    expect(isAuthRefreshError(error)).toBe(false);
  });

  it('rejects with an axios error for both copies, with the config and the 401, if no token is available', async () => {
    const { fixture, api } = await attachedCopy();
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_client' });
    const error = await api.get('/data', { headers: { 'x-caller': '1' } }).catch((reason) => reason);
    expect([axios.isAxiosError(error), otherAxios.isAxiosError(error)]).toEqual([true, true]);
    expect([axios.isCancel(error), otherAxios.isCancel(error)]).toEqual([false, false]);
    expect(error).toMatchObject({ code: 'ERR_TOKEN_ENDPOINT', status: 401, response: { status: 401 } });
    expect(error.config.headers.get('x-caller')).toBe('1');
    expect(JSON.stringify(error)).not.toContain(CLIENT_SECRET);
  });

  it('rejects an aborted request that waits for a token with a cancellation for both copies', async () => {
    const { fixture, api } = await attachedCopy();
    fixture.tokenDelay = 300;
    const controller = new AbortController();
    const source = otherAxios.CancelToken.source();
    const waiting = [
      api.get('/a', { signal: controller.signal }),
      api.get('/b', { cancelToken: source.token as never }),
    ].map((request) => request.catch((reason) => reason));
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    controller.abort();
    source.cancel('by the caller');
    for (const error of await Promise.all(waiting)) {
      expect([axios.isCancel(error), otherAxios.isCancel(error)]).toEqual([true, true]);
      expect(error.code).toBe('ERR_CANCELED');
    }
  });

  it('replays after a 401 and retries after a 503', async () => {
    const { fixture, api } = await attachedCopy();
    plan(fixture, 401, 503);
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests).toHaveLength(4);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('fetches one token for instances of both copies that share a manager', async () => {
    const fixture = await startFixture();
    const tokens = createTokenManager({ vendor: fixture.vendor() });
    const apis: AxiosInstance[] = [axios, otherAxios].map((copy) => copy.create({ baseURL: fixture.url }));
    for (const api of apis) attachTo(api, fixture, { tokens });
    await Promise.all(apis.map((api) => api.get('/first')));
    fixture.revokeAll();
    await Promise.all([...apis, ...apis].map((api) => api.get('/data')));
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('keeps headers as objects of the copy that created them', async () => {
    const { api } = await attachedCopy();
    const { config, headers } = await api.get('/data');
    expect(config.headers).toBeInstanceOf(otherAxios.AxiosHeaders);
    expect(headers).toBeInstanceOf(otherAxios.AxiosHeaders);
  });

  it('accepts a token client of another copy', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ tokenClient: otherAxios.create({ proxy: false }) });
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests[0]?.headers['user-agent']).toBe('axios/1.5.0');
  });
});

describe.each([
  ['the current axios', axios],
  ['axios 1.5.0', otherAxios],
])('when a child comes from instance.create() of %s', (_, copy) => {
  // The types do not declare `create` on instances.
  const childOf = (api: AxiosInstance, baseURL: string): AxiosInstance =>
    (api as unknown as typeof axios).create({ baseURL, proxy: false, headers: { 'x-child': '1' } });

  it('does not attach the child: it sends no token, and returns its 401 to the caller', async () => {
    const fixture = await startFixture();
    const parent = copy.create({ baseURL: fixture.url, proxy: false });
    attachTo(parent, fixture);
    await parent.get('/first');
    const child = childOf(parent, fixture.url);
    await expect(child.get('/child')).rejects.toMatchObject({ response: { status: 401 } });
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBeUndefined();
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('attaches the child with the manager of its parent: both share one token fetch and detach separately', async () => {
    const fixture = await startFixture();
    const parent = copy.create({ baseURL: fixture.url, proxy: false });
    const { tokens, detach } = attachTo(parent, fixture);
    const child = childOf(parent, fixture.url);
    attachTo(child, fixture, { tokens });
    await parent.get('/first');
    fixture.revokeAll();
    await Promise.all([parent.get('/parent'), child.get('/child'), child.get('/child')]);
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(fixture.apiRequests.filter(({ headers }) => headers['x-child'])).toHaveLength(4);
    detach();
    expect((await child.get('/child')).status).toBe(200);
    await expect(parent.get('/parent')).rejects.toMatchObject({ response: { status: 401 } });
  });

  it('refreshes for the config of an attached instance that a plain instance sends again', async () => {
    const fixture = await startFixture();
    const api = copy.create({ baseURL: fixture.url, proxy: false });
    attachTo(api, fixture);
    const { config } = await api.get('/data');
    fixture.revokeAll();
    const plain = copy.create({ proxy: false });
    // The config contains the adapter, which is the guard.
    expect((await plain.request(config)).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});
