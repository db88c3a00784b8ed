import axios, { type AxiosInstance } from 'axios';
import platformClient from 'purecloud-platform-client-v2';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { startSimulator } from '../support/simulated.ts';

const sdk = platformClient.ApiClient.instance;

type HttpClient = ReturnType<typeof sdk.getHttpClient>;
type HttpRequest = Parameters<HttpClient['request']>[0];

// The SDK exports both classes at run time, but its types do not.
const { AbstractHttpClient, DefaultHttpClient } = platformClient as unknown as {
  AbstractHttpClient: new () => { timeout: number };
  DefaultHttpClient: new () => HttpClient;
};

/** A custom HTTP client for the SDK, which sends its calls through an axios instance with this package. */
class AxiosHttpClient extends AbstractHttpClient {
  readonly axios: AxiosInstance;

  constructor(instance: AxiosInstance) {
    super();
    this.axios = instance;
  }

  request({ url, method, headers, params, data, timeout }: HttpRequest): Promise<unknown> {
    return this.axios.request({
      url,
      method,
      timeout,
      ...(headers && { headers }),
      ...(params && { params }),
      ...(data !== undefined && { data }),
    });
  }

  enableHooks(): void {}
}

let simulator: VendorSimulator;

beforeEach(async () => {
  simulator = await startSimulator({ records: 120 });
  const { hostname, port } = new URL(simulator.url);
  sdk.setGateway({ host: hostname, protocol: 'http', port: Number(port) });
  sdk.clearAccessToken();
  sdk.setReturnExtendedResponses(false);
});

/** Lets the SDK send through an attached instance. The SDK itself never gets a token. */
function sendThroughAttached(): void {
  const { url: envUrl, clientId, clientSecret } = simulator;
  const api = axios.create({ proxy: false });
  const { detach } = attachAuthRefresh(api, {
    vendor: genesysCloud({ envUrl, clientId, clientSecret }),
    retry: { baseDelay: 5 },
  });
  onTestFinished(detach);
  sdk.setHttpClient(new AxiosHttpClient(api) as unknown as HttpClient);
}

const query = (pageNumber: number) =>
  new platformClient.AnalyticsApi().postAnalyticsConversationsDetailsQuery({
    interval: simulator.interval,
    paging: { pageSize: 20, pageNumber },
  });

describe('the SDK of Genesys Cloud', () => {
  it('fails on a revoked token, and keeps failing, without this package', async () => {
    sdk.setHttpClient(new DefaultHttpClient());
    await sdk.loginClientCredentialsGrant(simulator.clientId, simulator.clientSecret);
    expect((await query(1)).conversations).toHaveLength(20);
    simulator.revokeTokens();
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(query(2)).rejects.toMatchObject({ status: 401, code: 'bad.credentials' });
    }
    expect(simulator.counts.tokenRequests).toBe(1);
  });

  it('reads every page through an attached instance although the token is revoked between pages', async () => {
    sendThroughAttached();
    const ids = new Set<string | undefined>();
    for (let page = 1; page <= 6; page++) {
      for (const { conversationId } of (await query(page)).conversations ?? []) ids.add(conversationId);
      simulator.revokeTokens();
    }
    expect(ids.size).toBe(120);
    expect(simulator.counts).toMatchObject({ tokenRequests: 6, unauthorized: 5, leakedBearers: 0 });
  });

  it('fetches one token through an attached instance for concurrent calls after a revocation', async () => {
    sendThroughAttached();
    await query(1);
    simulator.revokeTokens();
    const pages = await Promise.all([1, 2, 3, 4, 5, 6].map(query));
    expect(pages.flatMap(({ conversations }) => conversations ?? [])).toHaveLength(120);
    expect(simulator.counts.tokenRequests).toBe(2);
  });

  it('completes an analytics job through an attached instance despite revocation, a 429 and a 503', async () => {
    sendThroughAttached();
    const api = new platformClient.AnalyticsApi();
    const { jobId = '' } = await api.postAnalyticsConversationsDetailsJobs({ interval: simulator.interval });
    simulator.revokeTokens();
    simulator.schedule({ kind: '503' }, { kind: '429', retryAfter: 0 });
    let state: string | undefined;
    while (state !== 'FULFILLED') ({ state } = await api.getAnalyticsConversationsDetailsJob(jobId));
    simulator.revokeTokens();
    const results = await api.getAnalyticsConversationsDetailsJobResults(jobId, { pageSize: 120 });
    expect(results.conversations).toEqual([...simulator.records()]);
  });

  it('gets API errors in the shape that it expects through an attached instance', async () => {
    sendThroughAttached();
    const api = new platformClient.AnalyticsApi();
    await expect(api.getAnalyticsConversationsDetailsJob('no-such-job')).rejects.toMatchObject({
      status: 404,
    });
    sdk.setReturnExtendedResponses(true);
    await expect(api.getAnalyticsConversationsDetailsJob('no-such-job')).rejects.toMatchObject({
      status: 404,
      body: { status: 404 },
    });
  });

  it('sends a token of its own unchanged through an attached instance, like any Authorization of the caller', async () => {
    sendThroughAttached();
    sdk.setAccessToken('token-of-the-sdk');
    await expect(query(1)).rejects.toMatchObject({ status: 401 });
    expect(simulator.counts.tokenRequests).toBe(0);
    sdk.clearAccessToken();
  });
});
