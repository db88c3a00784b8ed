import axios from 'axios';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AuthRefreshEvent } from '../../src/core/index.ts';
import { attachAuthRefresh, clientSecretBasicUnencoded, memoryStore, oauth2Vendor } from '../../src/index.ts';
import type { OAuth2VendorOptions } from '../../src/vendors/oauth2.ts';
import { CLIENT_SECRET, type Glewlwyd, startGlewlwyd, USER } from './glewlwyd.ts';
import { createClientKey, privateKeyJwt } from './private-key-jwt.ts';
import { countingTokenClient, startRevocableApi } from './revocable-api.ts';

const STORM = 100;
const clientKey = createClientKey();
let server: Glewlwyd;
beforeAll(async () => {
  server = await startGlewlwyd(clientKey);
});
afterAll(() => server?.close());

const secretClient = {
  clientId: 'secret-client',
  clientSecret: CLIENT_SECRET,
  // This server does not decode the credentials of HTTP Basic.
  clientAuthentication: clientSecretBasicUnencoded,
};

async function start(options: Partial<OAuth2VendorOptions>) {
  const { tokenClient, grants } = countingTokenClient();
  const api = await startRevocableApi((token) => server.hasSigned(token));
  onTestFinished(() => api.close());
  const store = memoryStore();
  const failures: AuthRefreshEvent[] = [];
  /** Attaches the plugin to another instance, with a manager of its own. */
  function attach() {
    const instance = axios.create({ baseURL: api.url, proxy: false });
    const vendor = oauth2Vendor({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'secret-client',
      scope: 'reports',
      ...options,
    });
    const onEvent = (event: AuthRefreshEvent) => {
      if (event.type === 'refresh-failed') failures.push(event);
    };
    const { tokens } = attachAuthRefresh(instance, { vendor, tokenClient, store, onEvent, retry: false });
    return { api: instance, tokens };
  }
  /** Sends a token request with plain axios. @returns its status. */
  async function sendToken(form: Record<string, string>): Promise<number> {
    const auth = { username: 'secret-client', password: CLIENT_SECRET };
    const config = { auth, proxy: false, validateStatus: () => true } as const;
    return (await axios.post(server.tokenEndpoint, new URLSearchParams(form), config)).status;
  }
  return { attach, grants, revokeAll: api.revokeAll, failures, sendToken };
}

const storm = async (instances: ReturnType<typeof axios.create>[]) => {
  const answers = await Promise.all(
    Array.from({ length: STORM }, (_, i) => instances[i % instances.length]?.get(`/reports/${i}`)),
  );
  return new Set(answers.map((answer) => answer?.status));
};

describe('glewlwyd', () => {
  it.each<[string, () => Partial<OAuth2VendorOptions>]>([
    ['HTTP Basic', () => secretClient],
    [
      'private_key_jwt',
      () => ({
        clientId: 'jwt-client',
        clientAuthentication: privateKeyJwt(clientKey, server.tokenEndpoint),
      }),
    ],
  ])('%s: 100 concurrent requests with a revoked token cost one token request', async (_, options) => {
    const { attach, grants, revokeAll } = await start(options());
    const { api } = attach();
    expect((await api.get('/first')).status).toBe(200);
    revokeAll();
    expect(await storm([api])).toEqual(new Set([200]));
    expect(grants).toEqual(['client_credentials', 'client_credentials']);
  });

  it('uses each one-time refresh token once, with two managers and ten revocations', async () => {
    const { attach, grants, revokeAll, failures } = await start({ ...secretClient, ...USER });
    const instances = [attach().api, attach().api];
    for (let round = 0; round <= 10; round++) {
      expect(await storm(instances)).toEqual(new Set([200]));
      revokeAll();
    }
    // A refresh token that is used twice would disable the chain and make the password necessary again.
    expect(grants).toEqual(['password', ...Array.from({ length: 10 }, () => 'refresh_token')]);
    expect(failures).toEqual([]);
  });

  it('uses the password when the server has disabled the refresh token', async () => {
    const { attach, grants, revokeAll, sendToken } = await start({ ...secretClient, ...USER });
    const { api, tokens } = attach();
    await api.get('/first');
    const { refreshToken = '' } = tokens.current ?? {};
    revokeAll();
    await api.get('/second');
    // The server refuses the second use, and disables the refresh token that replaced this one.
    expect(await sendToken({ grant_type: 'refresh_token', refresh_token: refreshToken })).toBe(400);
    revokeAll();
    expect((await api.get('/third')).status).toBe(200);
    expect(grants).toEqual(['password', 'refresh_token', 'refresh_token', 'password']);
  });
});
