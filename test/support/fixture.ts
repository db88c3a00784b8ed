import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { onTestFinished } from 'vitest';
import type { AuthRefreshEvent } from '../../src/core/events.ts';
import type { AuthRefreshAttachment } from '../../src/plugin/attach.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { attachTo } from './attach-to.ts';
import { type Handler, type SeenRequest, sendJson, startServer } from './server.ts';

export const CLIENT_SECRET = 'S3cret-of-the-client';

/**
 * An API and its token endpoint on one real server. The API answers 401 to every token except those in `valid`.
 */
export interface Fixture {
  url: string;
  tokenRequests: SeenRequest[];
  apiRequests: SeenRequest[];
  valid: Set<string>;
  /** Tokens in the order in which they were issued. */
  issued: string[];
  /** Replaces the token endpoint's response. Call `issue` for the default response. */
  onToken: Handler | undefined;
  /** Replaces the API's response to a request with a valid token. */
  onApi: Handler | undefined;
  /** Runs before the API checks the token. Returns true if it has responded. */
  beforeApi:
    | ((request: SeenRequest, response: Parameters<Handler>[1]) => boolean | Promise<boolean>)
    | undefined;
  /** Lifetime of tokens in seconds. */
  lifetime: number;
  /** Milliseconds before the token endpoint responds. */
  tokenDelay: number;
  revokeAll(): void;
  issue(response: Parameters<Handler>[1]): void;
  vendor(): ReturnType<typeof oauth2Vendor>;
  /** Returns an attached instance and its events. Detaches it when the test ends. */
  attach(
    options?: Partial<AuthRefreshOptions>,
    defaults?: CreateAxiosDefaults,
  ): { api: AxiosInstance; events: AuthRefreshEvent[] } & AuthRefreshAttachment;
}

export const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function startFixture(): Promise<Fixture> {
  const fixture: Fixture = {
    url: '',
    tokenRequests: [],
    apiRequests: [],
    valid: new Set(),
    issued: [],
    onToken: undefined,
    onApi: undefined,
    beforeApi: undefined,
    lifetime: 3600,
    tokenDelay: 0,
    revokeAll: () => fixture.valid.clear(),
    issue(response) {
      const token = `token-${fixture.issued.length + 1}-${'x'.repeat(20)}`;
      fixture.issued.push(token);
      fixture.valid.add(token);
      sendJson(response, 200, { access_token: token, token_type: 'bearer', expires_in: fixture.lifetime });
    },
    vendor: () =>
      oauth2Vendor({
        tokenEndpoint: `${fixture.url}/oauth/token`,
        clientId: 'client',
        clientSecret: CLIENT_SECRET,
      }),
    attach(options = {}, defaults = {}) {
      const api = axios.create({ baseURL: fixture.url, proxy: false, ...defaults });
      return { api, ...attachTo(api, fixture, options) };
    },
  };

  const server = await startServer(async (request, response) => {
    if (request.url.startsWith('/oauth/token')) {
      fixture.tokenRequests.push(request);
      if (fixture.tokenDelay) await delay(fixture.tokenDelay);
      return fixture.onToken ? fixture.onToken(request, response) : fixture.issue(response);
    }
    fixture.apiRequests.push(request);
    if (await fixture.beforeApi?.(request, response)) return;
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (!fixture.valid.has(token)) {
      sendJson(
        response,
        401,
        { code: 'bad.credentials' },
        { 'www-authenticate': 'Bearer error="invalid_token"' },
      );
    } else if (fixture.onApi) {
      await fixture.onApi(request, response);
    } else {
      sendJson(response, 200, { ok: true, url: request.url });
    }
  });
  fixture.url = server.url;
  onTestFinished(() => server.close());
  return fixture;
}
