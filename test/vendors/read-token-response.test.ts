import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { attachAuthRefresh, createTokenManager, type ReadTokenResponse } from '../../src/index.ts';
import { type OAuth2VendorOptions, oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { startFixture } from '../support/fixture.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** Starts a token server that answers with a body, and a manager that reads the answer. */
async function managed(
  readTokenResponse: ReadTokenResponse,
  body: string,
  {
    status = 200,
    type = 'application/json',
    ...more
  }: Partial<OAuth2VendorOptions> & { status?: number; type?: string } = {},
) {
  const fixture = await startFixture();
  fixture.onToken = (_, response) => void response.writeHead(status, { 'content-type': type }).end(body);
  const clock = createManualClock();
  const tokenEndpoint = `${fixture.url}/oauth/token`;
  const vendor = oauth2Vendor({
    tokenEndpoint,
    clientId: 'id',
    clientSecret: 's',
    readTokenResponse,
    ...more,
  });
  return { fixture, clock, vendor, tokens: createTokenManager({ vendor, clock, tokenRetries: 0 }) };
}

describe('readTokenResponse', () => {
  it.each<[string, string, ReadTokenResponse, string?]>([
    [
      'JSON with other names',
      '{"data":{"jwt":"abc","ttl":60}}',
      ({ data }) => ({ access_token: data.jwt, expires_in: data.ttl }),
    ],
    ['a bare text', 'abc', (body) => ({ access_token: body, expires_in: 60 }), 'text/plain'],
    ['a JSON text', '"abc"', (body) => ({ access_token: body, expires_in: '60' })],
    ['an array', '["abc",60]', ([jwt, ttl]) => ({ access_token: jwt, expires_in: ttl })],
    [
      'a form with other names',
      'token=abc&ttl=60',
      ({ token, ttl }) => ({ access_token: token, expires_in: ttl }),
      'application/x-www-form-urlencoded',
    ],
    ['a promise', '{"t":"abc"}', async ({ t }) => ({ access_token: t, expires_in: 60 })],
    ['the shape of a grant', '{"t":"abc"}', ({ t }) => ({ accessToken: t, lifetime: 60_000 })],
    ['undefined for the default', '{"access_token":"abc","expires_in":60}', () => undefined],
  ])('maps %s', async (_, body, read, type) => {
    const { tokens, clock } = await managed(read, body, type === undefined ? {} : { type });
    expect(await tokens.getToken()).toMatchObject({ accessToken: 'abc', expiresAt: clock.now() + 60_000 });
  });

  it('receives the status and the headers of the response', async () => {
    let seen: unknown;
    const { tokens } = await managed((body, { status, headers }) => {
      seen = { status, type: headers['content-type'] };
      return body;
    }, '{"access_token":"abc"}');
    await tokens.getToken();
    expect(seen).toEqual({ status: 200, type: 'application/json' });
  });

  it('maps expires_at and the refresh token, which the next refresh sends', async () => {
    const { tokens, clock, fixture } = await managed(
      ({ at, until, rt }) => ({ access_token: at, expires_at: until, refresh_token: rt }),
      JSON.stringify({ at: 'abc', until: 1_700_000_060, rt: 'first' }),
      { username: 'ada', password: 'p' },
    );
    expect((await tokens.getToken()).expiresAt).toBe(clock.now() + 60_000);
    await clock.advance(61_000);
    await tokens.getToken();
    const fields = Object.fromEntries(new URLSearchParams(fixture.tokenRequests[1]?.body.toString()));
    expect(fields).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'first' });
  });

  it.each<[string, ReadTokenResponse, string]>([
    [
      'throws',
      () => {
        throw new Error('unknown form');
      },
      'readTokenResponse failed: unknown form',
    ],
    ['rejects', () => Promise.reject(new Error('later')), 'readTokenResponse failed: later'],
    [
      'throws an error with the response',
      (body) => {
        throw new Error(`unknown: ${JSON.stringify(body)}`);
      },
      'readTokenResponse failed: unknown: {"text":"[redacted]"}',
    ],
    ['quotes the response', (body) => JSON.parse(body.text), 'readTokenResponse failed: SyntaxError'],
    [
      'returns a text',
      (body) => body.text,
      'readTokenResponse failed: it must return an object or undefined',
    ],
    ['returns null', () => null as never, 'readTokenResponse failed: it must return an object or undefined'],
  ])(
    'that %s fails the request with ERR_CALLBACK and quotes nothing of the response',
    async (_, read, message) => {
      const { vendor, fixture } = await managed(read, '{"text":"hidden-token"}');
      const api = axios.create({ baseURL: fixture.url, proxy: false });
      attachAuthRefresh(api, { vendor });
      const error = await api.get('/data').catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'AuthRefreshError', code: 'ERR_CALLBACK' });
      expect(String(error)).toContain(message);
      expect(String(error)).not.toContain('hidden');
      expect(fixture.tokenRequests).toHaveLength(1);
    },
  );

  it('that returns no token fails with ERR_TOKEN_RESPONSE', async () => {
    const { tokens } = await managed(() => ({}), '{"access_token":"abc"}');
    await expect(tokens.getToken()).rejects.toMatchObject({ code: 'ERR_TOKEN_RESPONSE' });
  });

  it("is not called for a refusal, whose error is the server's", async () => {
    const { tokens } = await managed(
      ({ data }) => ({ access_token: data.jwt }),
      '{"error":"invalid_client"}',
      {
        status: 400,
      },
    );
    await expect(tokens.getToken()).rejects.toMatchObject({
      code: 'ERR_TOKEN_ENDPOINT',
      error: 'invalid_client',
    });
  });

  it("that fails because the response is an error with status 200 does not hide the server's error", async () => {
    const { tokens } = await managed(
      ({ data }) => ({ access_token: data.jwt }),
      '{"error":"invalid_client"}',
    );
    await expect(tokens.getToken()).rejects.toMatchObject({
      code: expect.not.stringMatching('ERR_CALLBACK'),
    });
  });
});
