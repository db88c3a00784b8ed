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

// The SDK exports both at run time; its types declare them and do not.
const { AbstractHttpClient, DefaultHttpClient } = platformClient as unknown as {
  AbstractHttpClient: new () => { timeout: number };
  DefaultHttpClient: new () => HttpClient;
};

/** The SDK's way to bring an HTTP client of one's own: its calls go through an axios instance with this package. */
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

/** Lets the SDK send through an attached instance; it is never told a token. */
function guard(): void {
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

describe('the SDK that Genesys publishes', () => {
  it('the control: alone, it fails on a revoked token, and goes on failing', async () => {
    sdk.setHttpClient(new DefaultHttpClient());
    await sdk.loginClientCredentialsGrant(simulator.clientId, simulator.clientSecret);
    expect((await query(1)).conversations).toHaveLength(20);
    simulator.revokeTokens();
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(query(2)).rejects.toMatchObject({ status: 401, code: 'bad.credentials' });
    }
    expect(simulator.counts.tokenRequests).toBe(1);
  });

  it('through a guarded instance, it reads every page although the token is revoked between them', async () => {
    guard();
    const ids = new Set<string | undefined>();
    for (let page = 1; page <= 6; page++) {
      for (const { conversationId } of (await query(page)).conversations ?? []) ids.add(conversationId);
      simulator.revokeTokens();
    }
    expect(ids.size).toBe(120);
    expect(simulator.counts).toMatchObject({ tokenRequests: 6, unauthorized: 5, leakedBearers: 0 });
  });

  it('scenario 1: through a guarded instance, concurrent calls after a revocation share one fetch', async () => {
    guard();
    await query(1);
    simulator.revokeTokens();
    const pages = await Promise.all([1, 2, 3, 4, 5, 6].map(query));
    expect(pages.flatMap(({ conversations }) => conversations ?? [])).toHaveLength(120);
    expect(simulator.counts.tokenRequests).toBe(2);
  });

  it('through a guarded instance, a job of the SDK survives revocation, a 429 and a 503', async () => {
    guard();
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

  it('through a guarded instance, the SDK still gets errors of the API as it expects them', async () => {
    guard();
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

  it('a token that the SDK was told itself is left alone: a caller’s own Authorization', async () => {
    guard();
    sdk.setAccessToken('of-the-sdk');
    await expect(query(1)).rejects.toMatchObject({ status: 401 });
    expect(simulator.counts.tokenRequests).toBe(0);
    sdk.clearAccessToken();
  });
});
