import { Agent } from 'node:https';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachAuthRefresh, type ClientAuthentication, oauth2Vendor } from '../../src/index.ts';
import { startTlsOidcServer, type TlsOidcServer } from './oidc-provider.ts';
import { createClientKey, privateKeyJwt } from './private-key-jwt.ts';
import { countingTokenClient, startRevocableApi } from './revocable-api.ts';

const STORM = 100;
const clientKey = createClientKey();

interface Authentication {
  clientId: string;
  clientAuthentication?: ClientAuthentication;
  hasCertificate: boolean;
  /** @default true */
  trustsServer?: boolean;
}

async function start(authentication: (server: TlsOidcServer) => Authentication) {
  const server = await startTlsOidcServer(clientKey);
  const { hasCertificate, trustsServer = true, ...client } = authentication(server);
  const ca = trustsServer ? { ca: server.certificate.cert } : {};
  const agent = new Agent({ ...ca, keepAlive: true, ...(hasCertificate && server.clientCertificate) });
  onTestFinished(() => agent.destroy());
  const { tokenClient, grants } = countingTokenClient({ httpsAgent: agent });
  const revocable = await startRevocableApi(server.isValid);
  onTestFinished(() => revocable.close());
  const api = axios.create({ baseURL: revocable.url, proxy: false });
  const vendor = oauth2Vendor({ tokenEndpoint: server.tokenEndpoint, scope: 'reports', ...client });
  attachAuthRefresh(api, { vendor, tokenClient, retry: false });
  return { api, grants, revokeAll: revocable.revokeAll };
}

const byJwt = ({ tokenEndpoint }: TlsOidcServer): Authentication => ({
  clientId: 'jwt-client',
  clientAuthentication: privateKeyJwt(clientKey, new URL(tokenEndpoint).origin),
  hasCertificate: false,
});
const byCertificate = (): Authentication => ({ clientId: 'tls-client', hasCertificate: true });

describe('oidc-provider', () => {
  it.each([
    ['private_key_jwt', byJwt],
    ['tls_client_auth', byCertificate],
  ])('%s: 100 concurrent requests with a revoked token cost one token request', async (_, authentication) => {
    const { api, grants, revokeAll } = await start(authentication);
    expect((await api.get('/first')).status).toBe(200);
    revokeAll();
    const answers = await Promise.all(Array.from({ length: STORM }, (_, i) => api.get(`/reports/${i}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(grants).toEqual(['client_credentials', 'client_credentials']);
  });

  it('names the refusal of a client without its certificate', async () => {
    const { api } = await start(() => ({ ...byCertificate(), hasCertificate: false }));
    const error = await api.get('/first').catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_TOKEN_ENDPOINT', cause: { error: 'invalid_client' } });
  });

  it('sends no credentials to a server whose certificate chain is not trusted', async () => {
    const { api } = await start((server) => ({ ...byJwt(server), trustsServer: false }));
    const error = await api.get('/first').catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_TOKEN_REQUEST' });
    expect(error.message).toMatch(/SELF_SIGNED_CERT|UNABLE_TO_VERIFY/);
  });
});
