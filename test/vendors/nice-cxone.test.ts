import type { AxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/index.ts';
import { niceCxone } from '../../src/vendors/nice-cxone.ts';
import { grantContext } from '../support/grant-context.ts';
import { sendJson, startServer } from '../support/server.ts';
import { attached, startSimulator } from '../support/simulated.ts';

const COMPLETED = '/incontactapi/services/v31/contacts/completed';

describe('niceCxone', () => {
  it('sends client credentials to {envUrl}/oauth2/token without access keys', async () => {
    const simulator = await startSimulator({ records: 30 });
    const { url: envUrl, clientId, clientSecret } = simulator;
    const api = attached(niceCxone({ envUrl, clientId, clientSecret }));
    const [startDate, endDate] = simulator.interval.split('/');
    await api.get(COMPLETED, { params: { startDate, endDate } });
    simulator.revokeTokens();
    const { data } = await api.get(COMPLETED, { params: { startDate, endDate, top: 100 } });
    expect(data.completedContacts).toHaveLength(30);
    expect(simulator.counts.byPath['/oauth2/token']).toBe(2);
  });

  it('discovers the token endpoint and the API with access keys, and uses refresh tokens', async () => {
    const simulator = await startSimulator({ records: 5 });
    const { url: issuer, clientId, clientSecret, accessKeyId, accessKeySecret } = simulator;
    const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }));
    const [startDate, endDate] = simulator.interval.split('/');
    // The instance has no base URL, so only the token can locate the API for a relative URL.
    const { data, config } = await api.get(COMPLETED, { params: { startDate, endDate } });
    expect(data.totalRecords).toBe(5);
    expect(config.baseURL).toBeUndefined();
    simulator.revokeTokens();
    await api.get(`${issuer}${COMPLETED}`, { params: { startDate, endDate } });
    expect(simulator.counts).toMatchObject({
      tokenRequests: 2,
      tokensRefreshed: 1,
      discoveryRequests: 2,
      unauthorized: 1,
    });
    expect(simulator.counts.byPath).toMatchObject({
      '/auth/token': 2,
      '/.well-known/openid-configuration': 1,
      '/.well-known/cxone-configuration': 1,
    });
  });

  it('falls back to the access keys if the refresh token is refused', async () => {
    const simulator = await startSimulator({ records: 5 });
    const { url: issuer, clientId, clientSecret, accessKeyId, accessKeySecret } = simulator;
    const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }));
    const [startDate, endDate] = simulator.interval.split('/');
    await api.get(COMPLETED, { params: { startDate, endDate } });
    simulator.revokeTokens({ refreshTokens: true });
    expect((await api.get(COMPLETED, { params: { startDate, endDate } })).status).toBe(200);
    expect(simulator.counts).toMatchObject({ tokenRequests: 3, tokenRefusals: 1, tokensRefreshed: 0 });
  });

  it('never sends the token to a host other than the API that discovery found', async () => {
    const simulator = await startSimulator({ records: 5 });
    const { url: issuer, clientId, clientSecret, accessKeyId, accessKeySecret } = simulator;
    const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }));
    await api.get(`${simulator.filesUrl}/nothing`).catch(() => {});
    const [startDate, endDate] = simulator.interval.split('/');
    await api.get(COMPLETED, { params: { startDate, endDate } });
    await api.get(`${simulator.filesUrl}/nothing`).catch(() => {});
    expect(simulator.counts.leakedBearers).toBe(0);
    expect(simulator.counts.authorized).toBe(1);
  });

  it('reads token responses with the field names of UserHub', async () => {
    const vendor = niceCxone({ envUrl: 'https://cxone.example.com', clientId: 'id', clientSecret: 'secret' });
    const context = grantContext({ token: 'abc', refreshToken: 'def', tokenExpirationTimeSec: 600 });
    expect(await vendor.grant(context)).toEqual({
      accessToken: 'abc',
      refreshToken: 'def',
      lifetime: 600_000,
    });
  });

  it('refuses a discovery document that would send the credentials over plain http', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 200, { token_endpoint: 'http://tokens.example.com/token' }),
    );
    const api = attached(
      niceCxone({
        issuer: server.url,
        clientId: 'id',
        clientSecret: 's',
        accessKeyId: 'a',
        accessKeySecret: 'b',
      }),
    );
    await expect(api.get('/x')).rejects.toMatchObject({
      code: 'ERR_TOKEN_RESPONSE',
      message: expect.stringContaining('token_endpoint: "http://tokens.example.com/token" is not https'),
    });
    await server.close();
  });

  const keys = { clientId: 'id', clientSecret: 's', accessKeyId: 'a', accessKeySecret: 'b' };

  it.each<[string, object, string]>([
    [
      'names another issuer',
      { issuer: 'https://evil.example' },
      'issuer "https://evil.example" is not "http',
    ],
    ['names a part of the issuer', { issuer: 'http://127.0.0.1' }, 'issuer "http://127.0.0.1" is not "http'],
    ['names no issuer', { issuer: undefined }, 'issuer is missing'],
    ['has an issuer that is not a text', { issuer: ['http://127.0.0.1'] }, 'issuer is missing'],
    ['names no token endpoint', { token_endpoint: undefined }, 'token_endpoint: '],
    ['has a relative token endpoint', { token_endpoint: '/token' }, 'token_endpoint: "/token" is not a URL'],
    [
      'has a token endpoint with credentials',
      { token_endpoint: 'https://a:b@x.example' },
      'holds credentials',
    ],
  ])('refuses a discovery document that %s', async (_, more, message) => {
    let tokenRequests = 0;
    const server = await startServer(({ method }, response) => {
      if (method === 'POST') tokenRequests++;
      sendJson(response, 200, { issuer: server.url, token_endpoint: `${server.url}/token`, ...more });
    });
    const api = attached(niceCxone({ ...keys, issuer: server.url }));
    await expect(api.get('/x')).rejects.toMatchObject({
      code: 'ERR_TOKEN_RESPONSE',
      message: expect.stringContaining(message),
    });
    expect(tokenRequests).toBe(0);
    await server.close();
  });

  it.each(['', '/', '//'])('accepts an issuer that ends with "%s" in the document', async (end) => {
    let tokenRequests = 0;
    const server = await startServer(({ method }, response) => {
      if (method === 'POST') tokenRequests++;
      sendJson(response, 200, { issuer: `${server.url}${end}`, token_endpoint: `${server.url}/token` });
    });
    const api = attached(niceCxone({ ...keys, issuer: `${server.url}/` }));
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'ERR_TOKEN_RESPONSE' });
    expect(tokenRequests).toBe(1);
    await server.close();
  });

  const ISSUER = 'https://cxone.niceincontact.com';
  const jwt = `e30.${btoa(JSON.stringify({ tenantId: 't' }))}.x`;

  it.each<[string, string, string, string | undefined]>([
    ['https', `${ISSUER}/auth/token`, 'https://api-na1.niceincontact.com', undefined],
    ['a token endpoint on loopback', 'http://127.0.0.1/token', 'https://api.example', 'token_endpoint'],
    ['a token endpoint on localhost', 'HTTP://localhost/token', 'https://api.example', 'token_endpoint'],
    ['an API on loopback', `${ISSUER}/auth/token`, 'http://[::1]:8080', 'api_endpoint'],
    ['an API that is not https', `${ISSUER}/auth/token`, 'http://api.example', 'api_endpoint'],
  ])('of an https issuer accepts only https from discovery: %s', async (_, endpoint, api, refused) => {
    const sent: string[] = [];
    const context = {
      ...grantContext(undefined),
      request: async ({ url = '' }: AxiosRequestConfig) => {
        sent.push(url);
        const data = url.includes('openid-configuration')
          ? { issuer: ISSUER, token_endpoint: endpoint }
          : url.includes('cxone-configuration')
            ? { api_endpoint: api }
            : { access_token: jwt };
        return { status: 200, statusText: '', headers: {}, config: {} as never, data: JSON.stringify(data) };
      },
    };
    const token = niceCxone(keys).grant(context);
    if (refused === undefined) expect(await token).toMatchObject({ apiBaseUrl: api });
    else await expect(token).rejects.toThrow(new RegExp(`${refused}: .* is not https`));
    expect(sent.filter((url) => url.startsWith('http:'))).toEqual([]);
  });

  it('does not refresh after "not authorized for user", even if only icStatusDescription has this text', async () => {
    const simulator = await startSimulator({ records: 1 });
    const { url: envUrl, clientId, clientSecret } = simulator;
    const vendor = niceCxone({ envUrl, clientId, clientSecret });
    const refusal = { status: 401, bearerError: undefined, headers: {}, body: '' };
    const text = "Client application 'x' not authorized for user";
    expect(vendor.isCurable?.({ ...refusal, body: { error_description: text } })).toBe(false);
    expect(vendor.isCurable?.({ ...refusal, headers: { icstatusdescription: text } })).toBe(false);
    expect(vendor.isCurable?.(refusal)).toBeUndefined();
  });

  it('lists every invalid option in one error', () => {
    const wrong = () =>
      niceCxone({
        clientId: '',
        clientSecret: '',
        accessKeyId: 'only',
        issuer: 'nothing',
        envUrl: 'ftp://example.com',
      });
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow(
      'niceCxone: clientId is missing; clientSecret is missing; accessKeyId and accessKeySecret must be set together; ' +
        'set either accessKeyId and accessKeySecret, or envUrl; issuer cannot be combined with envUrl; ' +
        'issuer: "nothing" is not a URL; envUrl: "ftp://example.com" is not https (or http on loopback).',
    );
  });
});
