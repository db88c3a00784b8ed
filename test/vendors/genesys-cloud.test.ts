import type { AxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, clientSecretPost } from '../../src/index.ts';
import { GENESYS_CLOUD_REGIONS, genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { grantContext } from '../support/grant-context.ts';
import { attached, startSimulator } from '../support/simulated.ts';

const credentials = { clientId: 'id', clientSecret: 'secret' };

/** Returns the token request of a vendor, without sending it. */
async function tokenRequestOf(vendor: ReturnType<typeof genesysCloud>): Promise<AxiosRequestConfig> {
  const context = grantContext({ access_token: 'token' });
  await vendor.grant(context);
  return context.sent[0] ?? {};
}

describe('genesysCloud', () => {
  it('accepts every region by its SDK name, its AWS name and its domain', async () => {
    for (const [name, domain] of Object.entries(GENESYS_CLOUD_REGIONS)) {
      for (const region of [name, name.replaceAll('_', '-'), domain]) {
        const vendor = genesysCloud({ ...credentials, region });
        expect((await tokenRequestOf(vendor)).url).toBe(`https://login.${domain}/oauth/token`);
        expect(vendor.resourceOrigins).toEqual([`https://api.${domain}`]);
      }
    }
  });

  it.each([
    [
      'https://api.mypurecloud.com',
      'https://login.mypurecloud.com/oauth/token',
      'https://api.mypurecloud.com',
    ],
    [
      'https://api.mypurecloud.com.au/',
      'https://login.mypurecloud.com.au/oauth/token',
      'https://api.mypurecloud.com.au',
    ],
    [
      'https://login.usw2.pure.cloud',
      'https://login.usw2.pure.cloud/oauth/token',
      'https://api.usw2.pure.cloud',
    ],
    ['https://mypurecloud.ie', 'https://login.mypurecloud.ie/oauth/token', 'https://api.mypurecloud.ie'],
    [
      'https://gateway.example.com/genesys/',
      'https://gateway.example.com/genesys/oauth/token',
      'https://gateway.example.com',
    ],
    [
      'https://api.mypurecloud.com.evil.example',
      'https://api.mypurecloud.com.evil.example/oauth/token',
      'https://api.mypurecloud.com.evil.example',
    ],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/oauth/token', 'http://127.0.0.1:8080'],
  ])('derives the token endpoint and the API from envUrl %s', async (envUrl, tokenEndpoint, origin) => {
    const vendor = genesysCloud({ ...credentials, envUrl });
    expect((await tokenRequestOf(vendor)).url).toBe(tokenEndpoint);
    expect(vendor.resourceOrigins).toEqual([origin]);
  });

  it('sends HTTP Basic without a scope by default, and credentials in the form with clientSecretPost', async () => {
    const basic = await tokenRequestOf(genesysCloud({ ...credentials, region: 'us_east_1' }));
    expect(basic.headers?.Authorization).toBe(`Basic ${Buffer.from('id:secret').toString('base64')}`);
    expect(basic.data).toBe('grant_type=client_credentials');

    const post = await tokenRequestOf(
      genesysCloud({
        ...credentials,
        region: 'us_east_1',
        scope: 'analytics:conversation:read',
        clientAuthentication: clientSecretPost,
      }),
    );
    expect(post.headers?.Authorization).toBe(false);
    expect(Object.fromEntries(new URLSearchParams(post.data))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: 'secret',
      scope: 'analytics:conversation:read',
    });
  });

  it.each([undefined, clientSecretPost])(
    'reads every page although tokens are revoked in between, with clientAuthentication %o',
    async (authentication) => {
      const simulator = await startSimulator({ records: 250 });
      const { url: envUrl, clientId, clientSecret } = simulator;
      const api = attached(
        genesysCloud({ envUrl, clientId, clientSecret, clientAuthentication: authentication }),
      );
      const query = (pageNumber: number) =>
        api.post('/api/v2/analytics/conversations/details/query', {
          interval: simulator.interval,
          paging: { pageSize: 100, pageNumber },
        });
      const ids = new Set<string>();
      for (let page = 1; page <= 3; page++) {
        for (const { conversationId } of (await query(page)).data.conversations) ids.add(conversationId);
        simulator.revokeTokens();
      }
      expect(ids.size).toBe(250);
      expect(simulator.counts).toMatchObject({ tokenRequests: 3, unauthorized: 2, leakedBearers: 0 });
    },
  );

  it('retries when the token endpoint throttles with 400, and fails with ERR_TOKEN_THROTTLED after the retries', async () => {
    const simulator = await startSimulator({ records: 1 });
    const { url: envUrl, clientId, clientSecret } = simulator;
    simulator.schedule({ match: '/oauth/token', kind: 'throttle', times: 2 });
    const vendor = genesysCloud({ envUrl, clientId, clientSecret });
    const users = (api: ReturnType<typeof attached>) =>
      api.post('/api/v2/analytics/conversations/details/query', { interval: simulator.interval });
    expect((await users(attached(vendor))).status).toBe(200);
    expect(simulator.counts.tokenRequests).toBe(3);

    simulator.schedule({ match: '/oauth/token', kind: 'throttle', times: 2 });
    await expect(users(attached(vendor, { tokenRetries: 1 }))).rejects.toMatchObject({
      code: 'ERR_TOKEN_THROTTLED',
      cause: { name: 'TokenRequestError', status: 400 },
    });
  });

  it('returns a 401 ip.not.authorized to the caller without a token fetch, because no refresh fixes it', async () => {
    const simulator = await startSimulator({ records: 1 });
    const { url: envUrl, clientId, clientSecret } = simulator;
    const api = attached(genesysCloud({ envUrl, clientId, clientSecret }));
    simulator.schedule({ match: '/api/v2', kind: 'ip.not.authorized', times: 1 });
    const error = await api
      .post('/api/v2/analytics/conversations/details/query', { interval: simulator.interval })
      .catch((reason) => reason);
    expect(error.response.data.code).toBe('ip.not.authorized');
    expect(simulator.counts).toMatchObject({ tokenRequests: 1, apiRequests: 1 });
  });

  it('retries a details query after 503, because this POST only reads, and no other POST', async () => {
    const simulator = await startSimulator({ records: 1 });
    const { url: envUrl, clientId, clientSecret } = simulator;
    const api = attached(genesysCloud({ envUrl, clientId, clientSecret }));
    simulator.schedule({ match: /query$/, kind: '503', times: 1 });
    const query = await api.post('/api/v2/analytics/conversations/details/query', {
      interval: simulator.interval,
    });
    expect(query.status).toBe(200);
    simulator.schedule({ match: /contacts$/, kind: '503', times: 1 });
    const contacts = [{ id: 'c1', contactListId: 'list', data: { phone: '+1' } }];
    await expect(api.post('/api/v2/outbound/contactlists/list/contacts', contacts)).rejects.toMatchObject({
      status: 503,
    });
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '', 'eu_central_1 '])(
    'refuses the unknown region %j',
    (region) => {
      expect(() => genesysCloud({ ...credentials, region })).toThrow(
        `genesysCloud: unknown region ${JSON.stringify(region)}; the regions are us_east_1, `,
      );
    },
  );

  it('lists every invalid option in one error', () => {
    const wrong = () =>
      genesysCloud({ clientId: '', clientSecret: '', region: 'mars-1', envUrl: 'http://example.com' });
    expect(wrong).toThrow(ConfigurationError);
    let problems: readonly string[] = [];
    try {
      wrong();
    } catch (error) {
      problems = (error as ConfigurationError).problems;
    }
    expect(problems).toEqual([
      'clientId is missing',
      'clientSecret is missing',
      expect.stringMatching(/^set either region/),
      expect.stringMatching(/^unknown region "mars-1"; the regions are us_east_1, /),
      'envUrl: "http://example.com" is not https (or http on loopback)',
    ]);
  });
});
