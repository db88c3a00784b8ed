import platformClient from 'purecloud-platform-client-v2';
import { describe, expect, it } from 'vitest';
import { start } from './support.ts';

describe('the Genesys API of the simulator', () => {
  it('serves the official Genesys SDK: login, query, job and contact import', async () => {
    const sim = await start({ records: 30 });
    const sdk = platformClient.ApiClient.instance;
    const { hostname, port } = new URL(sim.url);
    sdk.setGateway({ host: hostname, protocol: 'http', port: Number(port) });
    await sdk.loginClientCredentialsGrant(sim.clientId, sim.clientSecret);

    const api = new platformClient.AnalyticsApi();
    const page = await api.postAnalyticsConversationsDetailsQuery({
      interval: sim.interval,
      paging: { pageSize: 25, pageNumber: 2 },
    });
    expect(page.conversations?.map((one) => one.conversationId)).toEqual(
      [25, 26, 27, 28, 29].map((index) => sim.record(index).conversationId),
    );

    const { jobId = '' } = await api.postAnalyticsConversationsDetailsJobs({ interval: sim.interval });
    let state: string | undefined;
    while (state !== 'FULFILLED') ({ state } = await api.getAnalyticsConversationsDetailsJob(jobId));
    const results = await api.getAnalyticsConversationsDetailsJobResults(jobId, { pageSize: 30 });
    expect(results.conversations).toEqual([...sim.records()]);
    expect(results.cursor).toBeUndefined();

    const outbound = new platformClient.OutboundApi();
    await outbound.postOutboundContactlistContacts('list', [
      { id: 'a', contactListId: 'list', data: { n: '1' } },
    ]);
    expect(sim.contacts('list').get('a')?.times).toBe(1);
    expect(sim.counts).toMatchObject({ tokensIssued: 1, unauthorized: 0 });
  });
});
