import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/core/errors.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { delay, startFixture } from '../support/fixture.ts';
import { sendJson } from '../support/server.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

describe('attachAuthRefresh', () => {
  it('replays 200 concurrent requests, whose 401s arrive over 200 ms, after one token fetch', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 30;
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    fixture.beforeApi = async (request) => {
      const index = Number(new URL(request.url, 'http://x').searchParams.get('i') ?? 0);
      if (request.headers.authorization === `Bearer ${fixture.issued[0]}`) await delay(5 + index);
      return false;
    };
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => api.get('/data', { params: { i } })),
    );
    expect(responses.map(({ data }) => data.url)).toEqual(
      Array.from({ length: 200 }, (_, i) => `/data?i=${i}`),
    );
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(fixture.apiRequests).toHaveLength(1 + 400);
  });

  it('sends 200 first requests once each, after one token fetch', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await Promise.all(Array.from({ length: 200 }, () => api.get('/data')));
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(fixture.apiRequests).toHaveLength(200);
  });

  it('replays a request whose 401 arrives after the refresh without another token fetch', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    fixture.beforeApi = async (request) => {
      if (request.url === '/slow' && request.headers.authorization?.includes('token-1')) await held;
      return false;
    };
    const slow = api.get('/slow');
    await api.get('/quick');
    expect(fixture.tokenRequests).toHaveLength(2);
    release?.();
    expect((await slow).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('sends a request that starts during a refresh once, with the new token', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    fixture.tokenDelay = 40;
    const refused = api.get('/refused');
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    await api.get('/late');
    await refused;
    const late = fixture.apiRequests.filter(({ url }) => url === '/late');
    expect(late.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${fixture.issued[1]}`]);
  });

  it('fetches one token for 401s of two instances that share a token manager', async () => {
    const fixture = await startFixture();
    const tokens = createTokenManager({ vendor: fixture.vendor() });
    const one = fixture.attach({ tokens });
    const two = fixture.attach({ tokens });
    await one.api.get('/first');
    fixture.revokeAll();
    await Promise.all([one.api.get('/a'), two.api.get('/b'), one.api.get('/c'), two.api.get('/d')]);
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(two.events.map(({ type }) => type)).toContain('refresh-succeeded');
  });

  it('fetches one token for a background refresh and a 401 at the same time', async () => {
    const fixture = await startFixture();
    const clock = createShiftedClock();
    const { api, events } = fixture.attach({ clock, random: () => 0 });
    await api.get('/first');
    fixture.revokeAll();
    fixture.tokenDelay = 20;
    clock.shift(3600_000 - 200_000); // Within the buffer: the next request starts a background refresh and receives a 401.
    await Promise.all([api.get('/a'), api.get('/b')]);
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'refresh-started')).toMatchObject([
      { background: false },
      { background: true },
    ]);
  });

  it('throws a ConfigurationError if the plugin is already attached', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const again = () => attachAuthRefresh(api, { vendor: fixture.vendor() });
    expect(again).toThrow(ConfigurationError);
    expect(again).toThrow(/detach\(\) first/);
  });

  it('removes all interceptors on detach, while requests that wait for a token still succeed', async () => {
    const fixture = await startFixture();
    const { api, detach } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    fixture.tokenDelay = 30;
    const waiting = [api.get('/a'), api.get('/b')];
    await expect.poll(() => fixture.tokenRequests.length).toBe(2);
    detach();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    await expect(api.get('/after')).rejects.toMatchObject({ status: 401 });
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBeUndefined();
    let handlers = 0;
    for (const manager of [api.interceptors.request, api.interceptors.response]) {
      (manager as unknown as { forEach(visit: () => void): void }).forEach(() => {
        handlers++;
      });
    }
    expect(handlers).toBe(0);
    attachAuthRefresh(api, { vendor: fixture.vendor() }).detach();
  });

  it('sends a config of an earlier request without a token after detach', async () => {
    const fixture = await startFixture();
    const { api, detach } = fixture.attach();
    const { config } = await api.get('/first');
    detach();
    await expect(api.request(config)).rejects.toMatchObject({ status: 401 });
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBeUndefined();
  });
});

describe('when a 401 does not go away', () => {
  it("rejects with the API's own 401 if the API refuses the new token too, after one replay", async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.beforeApi = (_, response) => {
      sendJson(response, 401, { code: 'bad.credentials', n: fixture.apiRequests.length });
      return true;
    };
    const error = await api.get('/never').catch((reason) => reason);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({ name: 'AxiosError', status: 401, code: 'ERR_BAD_REQUEST' });
    expect(error.response.data).toEqual({ code: 'bad.credentials', n: 3 });
    expect(fixture.apiRequests).toHaveLength(3);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('replays a request twice with maxReplays 2', async () => {
    const fixture = await startFixture();
    const { api, events } = fixture.attach({ maxReplays: 2 });
    fixture.beforeApi = (_, response) => {
      if (fixture.apiRequests.length > 2) return false;
      sendJson(response, 401, {});
      return true;
    };
    expect((await api.get('/third-time')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'replay')).toMatchObject([{ count: 1 }, { count: 2 }]);
  });

  it('refreshes the token again when the config of a response is sent again', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    fixture.valid.clear();
    const first = await api.get('/again');
    fixture.revokeAll();
    const second = await api.request(first.config);
    fixture.revokeAll();
    const third = await api.request(second.config);
    expect(third.status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(3);
    expect(fixture.apiRequests).toHaveLength(5);
  });

  it.each([
    ['insufficient_scope', { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope"' }],
    ['invalid_request', { 'www-authenticate': 'Negotiate, Bearer error=invalid_request' }],
    ['insufficient_scope', { 'www-authenticate': 'Bearer realm="api"; error="insufficient_scope"' }],
  ])('returns a 401 with %s without a token fetch', async (_, headers) => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    await api.get('/first');
    fixture.beforeApi = (_request, response) => {
      sendJson(response, 401, {}, headers);
      return true;
    };
    await expect(api.get('/forbidden')).rejects.toMatchObject({ status: 401, name: 'AxiosError' });
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(fixture.apiRequests).toHaveLength(2);
  });

  it('does not refresh after a 401 of the token endpoint, even if the instance itself sends token requests', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => sendJson(response, 401, { error: 'invalid_client' });
    const { api } = fixture.attach();
    const through = fixture.attach({ tokenClient: api });
    for (const instance of [api, through.api]) {
      await expect(instance.get('/data')).rejects.toMatchObject({
        name: 'AuthRefreshError',
        code: 'ERR_TOKEN_ENDPOINT',
        cause: { error: 'invalid_client', status: 401 },
      });
    }
    expect(fixture.tokenRequests).toHaveLength(2);
    expect(fixture.apiRequests).toHaveLength(0);
  });
});
