import axios from 'axios';
import { sendJson, startServer, type TestServer } from '../support/server.ts';

/** An API that accepts the tokens of a real server until a test revokes them. */
export interface RevocableApi extends TestServer {
  /** Refuses every token that the API has seen so far. */
  revokeAll(): void;
}

export async function startRevocableApi(
  isValid: (token: string) => boolean | Promise<boolean>,
): Promise<RevocableApi> {
  const seen = new Set<string>();
  const revoked = new Set<string>();
  const server = await startServer(async ({ headers }, response) => {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    seen.add(token);
    if (!revoked.has(token) && (await isValid(token))) return sendJson(response, 200, { ok: true });
    sendJson(response, 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
  });
  return {
    ...server,
    revokeAll() {
      for (const token of seen) revoked.add(token);
    },
  };
}

/** Returns a client for token requests, and the grant types that it has sent. */
export function countingTokenClient(config: Parameters<typeof axios.create>[0] = {}) {
  const grants: (string | null)[] = [];
  const tokenClient = axios.create({ proxy: false, ...config });
  tokenClient.interceptors.request.use((request) => {
    grants.push(new URLSearchParams(String(request.data)).get('grant_type'));
    return request;
  });
  return { tokenClient, grants };
}
