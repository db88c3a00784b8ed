import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { OAuth2VendorOptions } from '../../src/vendors/oauth2.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { type SeenRequest, sendJson, startServer } from './server.ts';

/** A server whose refresh tokens can be used once, and an API that requires the scope that its path names, such as `/read`. */
export interface RotatingServer {
  url: string;
  /** The refresh tokens of all token requests, in order. */
  used: string[];
  /** Grants that the server revoked because a refresh token was used twice. */
  revokedGrants: Set<string>;
  /** How often a used refresh token is accepted again. */
  grace: number;
  /** Called after the server has rotated the refresh token and before it answers. */
  beforeAnswer: (() => void | Promise<void>) | undefined;
  /** Issues the initial refresh token of a new grant. */
  authorize(): string;
  /** Revokes the access tokens of a scope, or of all scopes. */
  revokeAccess(scope?: string): void;
  vendor(options: Partial<OAuth2VendorOptions>): ReturnType<typeof oauth2Vendor>;
}

interface RefreshToken {
  grant: string;
  uses: number;
}

export async function startRotatingServer(): Promise<RotatingServer> {
  const refreshTokens = new Map<string, RefreshToken>();
  const accessTokens = new Map<string, string>();

  function issueRefreshToken(grant: string): string {
    const token = `refresh-${randomUUID()}`;
    refreshTokens.set(token, { grant, uses: 0 });
    return token;
  }

  async function answerTokenRequest(request: SeenRequest, response: Parameters<typeof sendJson>[0]) {
    const form = new URLSearchParams(request.body.toString());
    const text = form.get('refresh_token') ?? '';
    server.used.push(text);
    const found = refreshTokens.get(text);
    if (found && found.uses++ > server.grace) server.revokedGrants.add(found.grant);
    if (!found || server.revokedGrants.has(found.grant)) {
      return sendJson(response, 400, { error: 'invalid_grant' });
    }
    const access = `access-${randomUUID()}`;
    accessTokens.set(access, form.get('scope') ?? form.get('audience') ?? '');
    const refresh = issueRefreshToken(found.grant);
    await server.beforeAnswer?.();
    sendJson(response, 200, { access_token: access, expires_in: 3600, refresh_token: refresh });
  }

  const http = await startServer(async (request, response) => {
    if (request.url === '/token') return answerTokenRequest(request, response);
    const scope = accessTokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (scope === undefined)
      return sendJson(response, 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
    sendJson(response, scope === request.url.slice(1) ? 200 : 403, { scope });
  });
  onTestFinished(() => http.close());

  const server: RotatingServer = {
    url: http.url,
    used: [],
    revokedGrants: new Set(),
    grace: 0,
    beforeAnswer: undefined,
    authorize: () => issueRefreshToken(randomUUID()),
    revokeAccess(scope) {
      for (const [token, its] of accessTokens)
        if (scope === undefined || its === scope) accessTokens.delete(token);
    },
    vendor: (options) => oauth2Vendor({ tokenEndpoint: `${http.url}/token`, clientId: 'client', ...options }),
  };
  return server;
}
