import { describe, expect, it } from 'vitest';
import { anonymous, client, postForm, QUERY, start } from './support.ts';

const CLIENT_CREDENTIALS = { grant_type: 'client_credentials' };

describe('the token endpoints', () => {
  it('accepts Genesys credentials in HTTP Basic, plain or form-encoded, and in the form', async () => {
    const sim = await start();
    const raw = await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS);
    expect(raw.status).toBe(200);
    expect(raw.data).toEqual({ access_token: expect.any(String), token_type: 'bearer', expires_in: 86_400 });
    expect(raw.headers['cache-control']).toBe('no-store');

    const encoded: [string, string] = [sim.clientId, encodeURIComponent(sim.clientSecret)];
    expect((await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS, encoded)).status).toBe(200);

    const inBody = {
      ...CLIENT_CREDENTIALS,
      client_id: sim.clientId,
      client_secret: sim.clientSecret,
      scope: 'a b',
    };
    expect((await postForm(sim, '/oauth/token', inBody, null)).status).toBe(200);
    expect(sim.counts).toMatchObject({ tokenRequests: 3, tokensIssued: 3, tokenRefusals: 0, apiRequests: 0 });
  });

  it.each([
    ['a wrong secret', ['id', 'nope'], CLIENT_CREDENTIALS, 401, 'invalid_client'],
    ['no credentials', null, CLIENT_CREDENTIALS, 401, 'invalid_client'],
    ['half of the credentials', null, { ...CLIENT_CREDENTIALS, client_id: 'x' }, 401, 'invalid_client'],
    ['no grant type', undefined, {}, 400, 'invalid_request'],
    ['another grant', undefined, { grant_type: 'implicit' }, 400, 'unsupported_grant_type'],
  ] as const)(
    'rejects %s with the error fields of each vendor',
    async (_name, basic, form, status, error) => {
      const sim = await start();
      const pair = basic === undefined ? undefined : basic && ([...basic] as [string, string]);
      const genesys = await postForm(sim, '/oauth/token', form as Record<string, string>, pair);
      expect(genesys.status).toBe(status);
      expect(genesys.data).toEqual({
        error,
        description: expect.any(String),
        error_description: expect.any(String),
      });
      for (const path of ['/oauth2/token', '/auth/token']) {
        const cxone = await postForm(sim, path, form as Record<string, string>, pair);
        expect(cxone.status).toBe(status);
        expect(cxone.data).toEqual({ error, errorDescription: expect.any(String) });
      }
      expect(sim.counts).toMatchObject({ tokenRequests: 3, tokensIssued: 0, tokenRefusals: 3 });
    },
  );

  it('rejects a JSON body, an invalid Basic header and another method', async () => {
    const sim = await start();
    const asJson = await anonymous(sim).post('/oauth/token', CLIENT_CREDENTIALS);
    expect([asJson.status, asJson.data.error]).toEqual([400, 'invalid_request']);
    const headers = { Authorization: 'Basic %%%' };
    const broken = await anonymous(sim).post('/oauth/token', new URLSearchParams(CLIENT_CREDENTIALS), {
      headers,
    });
    expect([broken.status, broken.data.error]).toEqual([401, 'invalid_client']);
    expect((await anonymous(sim).get('/oauth/token')).status).toBe(405);
  });

  it("accepts the tutorial's form at /oauth2/token for both APIs, unless tutorialForms is false", async () => {
    const sim = await start();
    const form = { ...CLIENT_CREDENTIALS, client_id: sim.clientId, client_secret: sim.clientSecret };
    const { data } = await postForm(sim, '/oauth2/token', form, null);
    expect(data.expires_in).toBe(3600);
    expect(data.refresh_token).toBeUndefined();
    const headers = { Authorization: `Bearer ${data.access_token}` };
    expect((await anonymous(sim).post(QUERY, { size: 1 }, { headers })).status).toBe(200);

    const strict = await start({ tutorialForms: false });
    expect((await postForm(strict, '/oauth2/token', form, null)).status).toBe(404);
    expect((await client(strict).post(QUERY, { size: 1 })).data.code).toBe('bad.request');
  });

  it('serves discovery, a token with tenant and the API URL to a CXone client', async () => {
    const sim = await start();
    const { data: openid } = await anonymous(sim).get('/.well-known/openid-configuration');
    expect(openid).toMatchObject({ issuer: sim.url, token_endpoint: `${sim.url}/auth/token` });
    const grant = { grant_type: 'password', username: sim.accessKeyId, password: sim.accessKeySecret };
    const { data } = await postForm(sim, '/auth/token', grant);
    expect(data).toMatchObject({ token_type: 'Bearer', expires_in: 3600, id_token: expect.any(String) });

    const claims = JSON.parse(Buffer.from(data.access_token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ tenantId: sim.tenantId, iss: sim.url });
    const found = await anonymous(sim).get(`/.well-known/cxone-configuration?tenantId=${claims.tenantId}`);
    expect(found.data.api_endpoint).toBe(sim.url);
    expect((await anonymous(sim).get('/.well-known/cxone-configuration?tenantId=x')).status).toBe(404);

    const wrong = await postForm(sim, '/auth/token', { ...grant, password: 'WRONG====' });
    expect([wrong.status, wrong.data.error]).toEqual([400, 'invalid_grant']);
  });

  it('rejects an access key with unencoded equals signs', async () => {
    const sim = await start();
    const body = `grant_type=password&username=${sim.accessKeyId}&password=${sim.accessKeySecret}`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const auth = { username: sim.clientId, password: sim.clientSecret };
    const { status, data } = await anonymous(sim).post('/auth/token', body, { auth, headers });
    expect([status, data.error]).toEqual([400, 'invalid_request']);
  });

  it('rotates refresh tokens and accepts each only once, until it expires or is revoked', async () => {
    let now = 0;
    const sim = await start({ clock: { now: () => now }, refreshTokenLifetime: 100 });
    const grant = { grant_type: 'password', username: sim.accessKeyId, password: sim.accessKeySecret };
    const refresh = (token: string) =>
      postForm(sim, '/auth/token', { grant_type: 'refresh_token', refresh_token: token });
    const first = (await postForm(sim, '/auth/token', grant)).data;
    const second = (await refresh(first.refresh_token)).data;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect((await refresh(first.refresh_token)).data.error).toBe('invalid_grant');
    expect(sim.counts).toMatchObject({ tokensIssued: 2, tokensRefreshed: 1 });
    now = 100_000;
    expect((await refresh(second.refresh_token)).data.error).toBe('invalid_grant');
    const third = (await postForm(sim, '/auth/token', grant)).data;
    sim.revokeTokens({ refreshTokens: true });
    expect((await refresh(third.refresh_token)).data.error).toBe('invalid_grant');
  });

  it('accepts a token until exactly the end of its lifetime', async () => {
    let now = 1_000_000;
    const sim = await start({ tokenLifetime: 300, clock: { now: () => now } });
    const { data } = await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS);
    expect(data.expires_in).toBe(300);
    const headers = { Authorization: `bearer ${data.access_token}` };
    const query = () => anonymous(sim).post(QUERY, { interval: sim.interval }, { headers });
    now += 299_999;
    expect((await query()).status).toBe(200);
    now += 1;
    const refused = await query();
    expect([refused.status, refused.data.code]).toEqual([401, 'bad.credentials']);
  });

  it('distinguishes a missing from an invalid token, with the body of each vendor', async () => {
    const sim = await start();
    const missing = await anonymous(sim).post(QUERY, {});
    expect([missing.status, missing.data.code]).toEqual([401, 'authentication.required']);
    expect(missing.headers['inin-correlation-id']).toBe(missing.data.contextId);
    const cxone = await client(sim, 'genesys').get('/incontactapi/services/v27.0/contacts/completed');
    expect(cxone.status).toBe(401);
    expect(cxone.headers.icstatusdescription).toMatch(/token/);
    expect(cxone.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(sim.counts).toMatchObject({ unauthorized: 2, authorized: 0, apiRequests: 2 });
  });

  it('revokes tokens on command and after `revokeEvery` requests', async () => {
    const sim = await start({ revokeEvery: 3 });
    const statuses = async (count: number) => {
      const api = client(sim);
      const list: number[] = [];
      for (let n = 0; n < count; n++) list.push((await api.post(QUERY, { interval: sim.interval })).status);
      return list;
    };
    expect(await statuses(5)).toEqual([200, 200, 200, 401, 401]);
    expect(await statuses(4)).toEqual([200, 200, 200, 401]);
    const api = client(sim);
    sim.revokeTokens();
    expect((await api.post(QUERY, { interval: sim.interval })).status).toBe(401);
  });

  it('rejects the token of another simulator with the same seed', async () => {
    const [one, two] = [await start(), await start()];
    const headers = { Authorization: `Bearer ${one.issueToken()}` };
    two.issueToken();
    expect((await anonymous(two).post(QUERY, { interval: two.interval }, { headers })).status).toBe(401);
  });
});
