import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
// @ts-expect-error the package ships no types
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';
import { type SeenRequest, sendJson, startServer } from './server.ts';

// All characters that form encoding changes, including `:`, which ends the user name of HTTP Basic.
export const CLIENT_ID = 'tool:a/b+c d';
export const CLIENT_SECRET = 'p:a%ss+w/o rd&=?~"<>%2B';

interface TokenModel {
  scope?: string;
}

/** The part of oidc-provider that the tests use. */
interface OidcProvider {
  callback(): (...args: unknown[]) => void;
  on(event: string, listener: (...args: never[]) => void): void;
  Client: { find(id: string): Promise<object> };
  Grant: new (fields: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
  RefreshToken: new (fields: object) => { save(): Promise<string> };
  ClientCredentials: { find(value: string): Promise<TokenModel | undefined> };
  AccessToken: { find(value: string): Promise<TokenModel | undefined> };
}

/** A real OAuth 2.0 server, and an API that checks every token with the server. */
export interface OidcServer {
  tokenEndpoint: string;
  revocationEndpoint: string;
  apiUrl: string;
  /** The number of token requests, and the number of successful ones. */
  counts: { requests: number; granted: number };
  apiRequests: SeenRequest[];
  /** Authorizes a user and returns the refresh token of an authorization code flow. */
  refreshToken(): Promise<string>;
}

/** Starts the servers until the test ends. @param lifetime seconds of access tokens. */
export async function startOidcServer(lifetime: number): Promise<OidcServer> {
  let handle: (...args: unknown[]) => void = () => {};
  const counts = { requests: 0, granted: 0 };
  const server = createServer((request, response) => {
    if (request.url === '/token') {
      counts.requests++;
      response.on('finish', () => {
        if (response.statusCode === 200) counts.granted++;
      });
    }
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const provider: OidcProvider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
        redirect_uris: ['https://tool.example.com/callback'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      {
        client_id: 'post-client',
        client_secret: CLIENT_SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    scopes: ['openid', 'offline_access', 'reports:read', 'reports:write'],
    features: {
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: false },
    },
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    // The server counts whole seconds: a token would expire up to one second early with a tolerance of 0, and 15 seconds late by default.
    clockTolerance: 1,
    // A refresh token can be used once. A second use revokes all tokens of the grant.
    rotateRefreshToken: true,
    ttl: {
      ClientCredentials: lifetime,
      AccessToken: lifetime,
      RefreshToken: 3600,
      Grant: 3600,
      IdToken: 3600,
    },
  });
  handle = provider.callback();

  const apiRequests: SeenRequest[] = [];
  const api = await startServer(async (request, response) => {
    apiRequests.push(request);
    const value = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const token = (await provider.ClientCredentials.find(value)) ?? (await provider.AccessToken.find(value));
    if (token) return sendJson(response, 200, { ok: true, scope: token.scope ?? null });
    sendJson(response, 401, {}, { 'www-authenticate': 'Bearer realm="reports", error="invalid_token"' });
  });
  onTestFinished(() => api.close());

  return {
    tokenEndpoint: `${issuer}/token`,
    revocationEndpoint: `${issuer}/token/revocation`,
    apiUrl: api.url,
    counts,
    apiRequests,
    async refreshToken() {
      const accountId = 'user';
      const scope = 'openid offline_access';
      const grant = new provider.Grant({ accountId, clientId: CLIENT_ID });
      grant.addOIDCScope(scope);
      const client = await provider.Client.find(CLIENT_ID);
      const fields = { accountId, client, scope, grantId: await grant.save(), gty: 'authorization_code' };
      return new provider.RefreshToken(fields).save();
    },
  };
}
