import axios from 'axios';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { clientSecretBasicUnencoded, clientSecretPost } from '../../src/oauth/client-authentication.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import { type OAuth2VendorOptions, oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { CLIENT_ID, CLIENT_SECRET, type OidcServer, startOidcServer } from '../support/oidc-server.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

const LIFETIME = 2;

const vendorOf = (server: OidcServer, options: Partial<OAuth2VendorOptions> = {}) =>
  oauth2Vendor({
    tokenEndpoint: server.tokenEndpoint,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    ...options,
  });

function attach(server: OidcServer, options: Partial<Parameters<typeof attachAuthRefresh>[1]> = {}) {
  const api = axios.create({ baseURL: server.apiUrl, proxy: false });
  const { tokens, detach } = attachAuthRefresh(api, { vendor: vendorOf(server), ...options });
  onTestFinished(detach);
  return { api, tokens };
}

// The server reads the time of this process. Only a test advances the time, so that no token expires early on a slow machine.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
});

function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/** A clock that stands still, so that the client never sees a token expire; only the API does. */
const stoppedClock = createShiftedClock;

const statusesOf = (answers: { status: number }[]) => new Set(answers.map(({ status }) => status));

/** Revokes a token (RFC 7009 section 2.1) with plain axios. */
const revoke = (server: OidcServer, token: string | undefined) =>
  axios.post(server.revocationEndpoint, new URLSearchParams({ token: token ?? '' }), {
    auth: { username: formEncode(CLIENT_ID), password: formEncode(CLIENT_SECRET) },
    proxy: false,
  });

const formEncode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);

describe('oidc-provider, a certified authorization server', () => {
  it('accepts HTTP Basic credentials that need form encoding (RFC 6749 section 2.3.1)', async () => {
    const server = await startOidcServer(LIFETIME);
    const { api } = attach(server);
    expect((await api.get('/reports')).data).toEqual({ ok: true, scope: null });
    expect(server.counts).toEqual({ requests: 1, granted: 1 });
  });

  it('rejects unencoded credentials after one token request, with an error that names the cause', async () => {
    const server = await startOidcServer(LIFETIME);
    const vendor = vendorOf(server, { clientAuthentication: clientSecretBasicUnencoded });
    const { api } = attach(server, { vendor });
    const error = await api.get('/reports').catch((reason) => reason);
    expect(error).toMatchObject({
      name: 'AuthRefreshError',
      code: 'ERR_TOKEN_ENDPOINT',
      cause: { name: 'TokenEndpointError', status: 400, error: 'invalid_request' },
    });
    expect(server.counts).toEqual({ requests: 1, granted: 0 });
    expect(server.apiRequests).toHaveLength(0);
  });

  it('accepts credentials in the form, and a scope', async () => {
    const server = await startOidcServer(LIFETIME);
    const vendor = vendorOf(server, {
      clientId: 'post-client',
      clientAuthentication: clientSecretPost,
      scope: 'reports:read reports:write',
    });
    const { api } = attach(server, { vendor });
    expect((await api.get('/reports')).data.scope).toBe('reports:read reports:write');
  });

  it('completes 50 concurrent requests after one token fetch if the server revoked the token', async () => {
    const server = await startOidcServer(60);
    const { api, tokens } = attach(server);
    await api.get('/first');
    await revoke(server, tokens.current?.accessToken);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => api.get(`/reports/${n}`)));
    expect(statusesOf(answers)).toEqual(new Set([200]));
    expect(server.counts).toEqual({ requests: 2, granted: 2 });
    expect(server.apiRequests).toHaveLength(1 + 100);
  });

  it('completes 20 concurrent requests after one token fetch if the token expired unknown to the client', async () => {
    const server = await startOidcServer(1);
    const { api } = attach(server, { clock: stoppedClock() });
    await api.get('/first');
    pass(2100);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => api.get(`/reports/${n}`)));
    expect(statusesOf(answers)).toEqual(new Set([200]));
    expect(server.counts).toEqual({ requests: 2, granted: 2 });
  });

  it('refreshes the token before it expires, so that no request is rejected over two lifetimes', async () => {
    const server = await startOidcServer(LIFETIME);
    const { api } = attach(server);
    const answers: { status: number }[] = [];
    for (let time = 0; time < 2 * LIFETIME * 1000; time += 50) {
      answers.push(await api.get('/reports'));
      pass(50);
    }
    expect(statusesOf(answers)).toEqual(new Set([200]));
    expect(server.apiRequests).toHaveLength(answers.length);
    // At the earliest, a refresh happens after 80 % of each lifetime.
    expect(server.counts.granted).toBeGreaterThanOrEqual(2);
    expect(server.counts.granted).toBeLessThanOrEqual(3);
  });

  it('uses each rotated refresh token once, over several rejections and concurrent requests', async () => {
    const server = await startOidcServer(60);
    const vendor = vendorOf(server, { refreshToken: await server.refreshToken() });
    const { api, tokens } = attach(server, { vendor });
    const seen = new Set<string | undefined>();
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => api.get(`/reports/${n}`)));
      expect(statusesOf(answers)).toEqual(new Set([200]));
      seen.add(tokens.current?.refreshToken);
      if (round < 3) tokens.reject(tokens.current);
    }
    // If a refresh token were used twice, the server would revoke the grant, and all later requests would fail.
    expect(seen.size).toBe(4);
    expect(server.counts).toEqual({ requests: 4, granted: 4 });
  });

  it('rotates refresh tokens that two managers share in a store', async () => {
    const server = await startOidcServer(60);
    const refreshToken = await server.refreshToken();
    const store = memoryStore();
    const [one, two] = [0, 1].map(() => {
      const tokens = createTokenManager({
        vendor: vendorOf(server, { refreshToken, tokenKey: 'user' }),
        store,
      });
      const api = axios.create({ baseURL: server.apiUrl, proxy: false });
      onTestFinished(attachAuthRefresh(api, { tokens }).detach);
      return { api, tokens };
    }) as [ReturnType<typeof attach>, ReturnType<typeof attach>];
    await one.api.get('/a');
    await two.api.get('/b');
    for (const { api, tokens } of [one, two, two, one]) {
      tokens.reject(tokens.current);
      expect((await api.get('/again')).status).toBe(200);
    }
    expect(server.counts.granted).toBe(server.counts.requests);
  });

  it('revokes no grant if managers of two scopes share a refresh token in a store', async () => {
    const server = await startOidcServer(60);
    const refreshToken = await server.refreshToken();
    const store = memoryStore();
    const managers = ['openid', 'openid offline_access', 'openid', 'openid offline_access'].map((scope) => {
      const tokens = createTokenManager({ vendor: vendorOf(server, { refreshToken, scope }), store });
      const api = axios.create({ baseURL: server.apiUrl, proxy: false });
      onTestFinished(attachAuthRefresh(api, { tokens }).detach);
      return { api, tokens, scope };
    });
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(managers.map(({ api }) => api.get('/reports')));
      expect(answers.map(({ data }) => data.scope)).toEqual(managers.map(({ scope }) => scope));
      for (const { tokens } of managers) tokens.reject(tokens.current);
    }
    expect(server.counts).toEqual({ requests: 10, granted: 10 });
  });

  it('includes the error of the server if the refresh token is invalid', async () => {
    const server = await startOidcServer(60);
    const vendor = vendorOf(server, { refreshToken: 'not-a-refresh-token' });
    const { api } = attach(server, { vendor });
    await expect(api.get('/reports')).rejects.toMatchObject({
      code: 'ERR_TOKEN_ENDPOINT',
      cause: { error: 'invalid_grant', status: 400 },
    });
  });
});
