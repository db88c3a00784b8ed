import axios from 'axios';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { attachAuthRefresh, oauth2Vendor } from '../../src/index.ts';
import { sendJson, startServer } from '../support/server.ts';

const prototype = Object.prototype as Record<string, unknown>;
let polluted = '';
afterEach(() => {
  delete prototype[polluted];
});

/** Starts a server, and returns the credentials that it received. */
async function startWitness() {
  const credentials: string[] = [];
  const server = await startServer(({ headers, body, url }, response) => {
    if (headers.authorization) credentials.push(headers.authorization);
    if (`${body}`.includes('secret')) credentials.push(`${body}`);
    sendJson(response, 200, url === '/token' ? { access_token: 'real', expires_in: 60 } : {});
  });
  onTestFinished(() => server.close());
  return { ...server, credentials };
}

// Names of options, of members of a vendor and of axios, with the values that could lead to another host.
const LEADING = (url: string): Record<string, unknown> => {
  const { hostname: host, port } = new URL(url);
  return {
    resourceOrigins: [url],
    allowInsecureOrigins: [url],
    apiBaseUrl: url,
    announcesApi: true,
    baseURL: url,
    authRefresh: { baseURL: url, resourceOrigins: [url] },
    authorizationHeader: { name: 'X-Token', resourceOrigins: [url] },
    tokens: { vendor: { resourceOrigins: [url], apiBaseUrl: url } },
    transportFrom: { defaults: { proxy: { protocol: 'http', host, port: Number(port) } } },
    tokenEndpoint: `${url}/token`,
    proxy: { protocol: 'http', host, port: Number(port) },
    vendor: { name: 'evil', grant: async () => ({ accessToken: 'real' }), resourceOrigins: [url] },
    parameters: { resource: url },
    retry: { baseDelay: 0 },
    rate: { requests: 1 },
    statusCodes: [200],
    storeKeys: [url],
    url,
  };
};

describe('Object.prototype with a value of other code', () => {
  it.each(Object.keys(LEADING('http://127.0.0.1:1')))('%s: opens no other host', async (name) => {
    const [good, evil] = [await startWitness(), await startWitness()];
    const send = async () => {
      const api = axios.create({ proxy: false });
      const vendor = oauth2Vendor({
        tokenEndpoint: `${good.url}/token`,
        clientId: 'client',
        clientSecret: 'secret',
        ...(name !== 'resourceOrigins' && { resourceOrigins: [good.url] }),
      });
      attachAuthRefresh(api, { vendor, retry: false });
      for (const url of [`${evil.url}/data`, `${good.url}/data`, '/data']) await api.get(url).catch(() => {});
    };
    polluted = name;
    prototype[name] = LEADING(evil.url)[name];
    // Some values make axios or the plugin refuse to work, which is as safe.
    await send().catch(() => {});
    delete prototype[name];
    expect(evil.credentials).toEqual([]);
  });

  it('is polluted in these tests', async () => {
    const [good, evil] = [await startWitness(), await startWitness()];
    const api = axios.create({ proxy: false });
    const vendor = oauth2Vendor({
      tokenEndpoint: `${good.url}/token`,
      clientId: 'client',
      clientSecret: 'secret',
    });
    attachAuthRefresh(api, { vendor, resourceOrigins: [evil.url], retry: false });
    await api.get(`${evil.url}/data`);
    expect(evil.credentials).toEqual(['Bearer real']);
  });
});
