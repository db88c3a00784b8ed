import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createTokenManager,
  memoryStore,
  oauth2Vendor,
  passwordGrant,
  refreshTokenGrant,
  type TokenManagerOptions,
  type Vendor,
} from '../../src/index.ts';
import { sendJson, startServer } from '../support/server.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

type Answer = (response: ServerResponse) => void;
const json =
  (status: number, body: unknown, headers = {}): Answer =>
  (response) =>
    sendJson(response, status, body, headers);
const empty =
  (status: number): Answer =>
  (response) =>
    void response.writeHead(status).end();

/** Starts a server that rotates refresh tokens. `refuse` replaces its answer to a refresh token. */
async function startEndpoint() {
  const endpoint = {
    url: '',
    sent: [] as string[],
    refuse: undefined as ((refreshToken: string) => Answer | undefined) | undefined,
    grant: undefined as Answer | undefined,
  };
  let count = 0;
  const server = await startServer(({ body }, response) => {
    const form = new URLSearchParams(body.toString());
    const refreshToken = form.get('refresh_token');
    endpoint.sent.push(refreshToken ?? form.get('grant_type') ?? '');
    const answer = refreshToken === null ? endpoint.grant : endpoint.refuse?.(refreshToken);
    if (answer) return answer(response);
    sendJson(response, 200, { access_token: `a${++count}`, refresh_token: `r${count}`, expires_in: 3600 });
  });
  onTestFinished(() => server.close());
  endpoint.url = server.url;
  return endpoint;
}

const client = (url: string) => ({ tokenEndpoint: url, clientId: 'c', clientSecret: 's' });
const byPassword = (url: string) => oauth2Vendor({ ...client(url), username: 'u', password: 'p' });

function managerOf(vendor: Vendor, options: Partial<TokenManagerOptions> = {}) {
  const clock = createShiftedClock();
  return { clock, tokens: createTokenManager({ clock, tokenRetries: 0, ...options, vendor }) };
}

const REFUSALS: [string, Answer][] = [
  ['400 with an empty body', empty(400)],
  ['401 with an empty body', empty(401)],
  ['403', json(403, { error: 'access_denied' })],
  ['404 with HTML', (response) => void response.writeHead(404).end('<html></html>')],
  ['410', empty(410)],
  ['400 invalid_grant', json(400, { error: 'invalid_grant' })],
  ['400 bad_refresh_token', json(400, { error: 'bad_refresh_token' })],
  ['400 invalid_request', json(400, { error: 'invalid_request' })],
  ['400 with an error that is an object', json(400, { error: { code: 1 } })],
  ['401 invalid_token', json(401, { error: 'invalid_token' })],
  ['401 invalid_client', json(401, { error: 'invalid_client' })],
  ['200 with an error', json(200, { error: 'invalid_refresh_token' })],
  ['200 with an error and an empty access token', json(200, { error: 'expired', access_token: '' })],
  ['200 with an error that is an object', json(200, { ok: false, error: { code: 'expired' } })],
];

describe('a refused refresh token', () => {
  it.each(REFUSALS)('%s: is dropped, and the first grant is used once', async (_, answer) => {
    const endpoint = await startEndpoint();
    const { tokens } = managerOf(byPassword(endpoint.url));
    await tokens.getToken();
    endpoint.refuse = () => answer;
    expect((await tokens.refresh()).accessToken).toBe('a2');
    expect(endpoint.sent).toEqual(['password', 'r1', 'password']);
  });

  it.each(REFUSALS.filter(([name]) => !name.includes('invalid_client')))(
    '%s: is not sent again if the first grant fails too',
    async (_, answer) => {
      const endpoint = await startEndpoint();
      const { tokens, clock } = managerOf(byPassword(endpoint.url), { store: memoryStore() });
      await tokens.getToken();
      endpoint.refuse = () => answer;
      endpoint.grant = json(400, { error: 'invalid_grant' });
      for (let i = 0; i < 3; i++) await expect(tokens.refresh()).rejects.toMatchObject({ status: 400 });
      expect(endpoint.sent).toEqual(['password', 'r1', 'password']);
      clock.shift(5000);
      endpoint.grant = undefined;
      expect((await tokens.refresh()).refreshToken).toBe('r2');
      expect(endpoint.sent).toEqual(['password', 'r1', 'password', 'password']);
      // The new refresh token is used.
      endpoint.refuse = undefined;
      await tokens.refresh();
      expect(endpoint.sent.at(-1)).toBe('r2');
    },
  );

  it('is kept after invalid_client, which says nothing about the refresh token', async () => {
    const endpoint = await startEndpoint();
    const { tokens, clock } = managerOf(byPassword(endpoint.url));
    await tokens.getToken();
    endpoint.grant = json(401, { error: 'invalid_client' });
    endpoint.refuse = () => endpoint.grant;
    await expect(tokens.refresh()).rejects.toMatchObject({ error: 'invalid_client' });
    expect(endpoint.sent).toEqual(['password', 'r1', 'password']);
    endpoint.refuse = undefined;
    clock.shift(5000);
    await tokens.refresh();
    expect(endpoint.sent.at(-1)).toBe('r1');
  });

  it.each<[string, Answer]>([
    ['408', empty(408)],
    ['429', json(429, {}, { 'retry-after': '1' })],
    ['500', empty(500)],
    ['503', json(503, { error: 'temporarily_unavailable' })],
    ['a redirect', (response) => void response.writeHead(302, { location: '/sorry' }).end()],
    ['a throttle of the vendor', json(400, { error: 'invalid_request', description: 'rate limit exceeded' })],
    ['a response that is not a token', (response) => void response.end('<html></html>')],
  ])('%s: does not refuse the refresh token, so the refresh token is kept', async (_, answer) => {
    const endpoint = await startEndpoint();
    const own = {
      ...client(endpoint.url),
      isThrottled: ({ body }: { body: unknown }) => JSON.stringify(body).includes('rate limit'),
    };
    const { tokens, clock } = managerOf({
      name: 'own',
      resourceOrigins: [],
      grant: passwordGrant({ ...own, username: 'u', password: 'p' }),
      refreshGrant: refreshTokenGrant(own),
    });
    await tokens.getToken();
    endpoint.refuse = () => answer;
    await expect(tokens.refresh()).rejects.toBeDefined();
    endpoint.refuse = undefined;
    clock.shift(5000);
    await tokens.refresh();
    expect(endpoint.sent).toEqual(['password', 'r1', 'r1']);
  });

  it('that was rotated leads back to the initial refresh token once', async () => {
    const endpoint = await startEndpoint();
    const { tokens } = managerOf(oauth2Vendor({ ...client(endpoint.url), refreshToken: 'initial' }));
    await tokens.getToken();
    endpoint.refuse = (refreshToken) => (refreshToken === 'r1' ? empty(400) : undefined);
    await tokens.refresh();
    expect(endpoint.sent).toEqual(['initial', 'r1', 'initial']);
  });

  it('that is the initial one is not sent twice, and its error is repeated', async () => {
    const endpoint = await startEndpoint();
    const { tokens } = managerOf(oauth2Vendor({ ...client(endpoint.url), refreshToken: () => 'r1' }));
    await tokens.getToken();
    endpoint.refuse = () => json(400, { error: 'invalid_grant' });
    for (let i = 0; i < 5; i++) {
      await expect(tokens.refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
    }
    expect(endpoint.sent).toEqual(['r1', 'r1']);
  });

  it('of an own grant is dropped if its request was refused', async () => {
    const endpoint = await startEndpoint();
    const post =
      (fields: (refreshToken: string | undefined) => string): Vendor['grant'] =>
      async ({ request, refreshToken }) => {
        const { data } = await request({ method: 'post', url: endpoint.url, data: fields(refreshToken) });
        return { accessToken: data.access_token, refreshToken: data.refresh_token };
      };
    const { tokens } = managerOf({
      name: 'own',
      resourceOrigins: [],
      grant: post(() => 'grant_type=own'),
      refreshGrant: post((refreshToken) => `refresh_token=${refreshToken}`),
    });
    await tokens.getToken();
    endpoint.refuse = () => empty(401);
    expect((await tokens.refresh()).accessToken).toBe('a2');
    expect(endpoint.sent).toEqual(['own', 'r1', 'own']);
  });
});
