import { Agent } from 'node:http';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/core/index.ts';
import { startVendorSimulator } from '../../src/testing/index.ts';
import { createIsoWriter } from '../../src/testing/iso-time.ts';
import { createDataset } from '../../src/testing/records.ts';
import { anonymous, client, networkError, postForm, QUERY, start } from './support.ts';

describe('startVendorSimulator', () => {
  it('returns the same bytes for the same seed, and other bytes for another seed', async () => {
    const page = async (seed: number) => {
      const sim = await start({ seed, records: 100 });
      const { data } = await client(sim).post(QUERY, { interval: sim.interval }, { responseType: 'text' });
      return data as string;
    };
    const [one, same, other] = [await page(3), await page(3), await page(4)];
    expect(one).toBe(same);
    expect(one).not.toBe(other);
    expect(one.length / 25).toBeGreaterThan(500);
    expect(one.length / 25).toBeLessThan(1050);
  });

  it('creates the same record as JSON and as object, within the interval and with a unique ID', () => {
    const [start, end] = [Date.parse('2023-10-01'), Date.parse('2023-10-08')];
    const data = createDataset(9, 50_000, start, end);
    const seen = new Set<string>();
    let before = 0;
    for (let index = 0; index < data.size; index++) {
      const record = data.conversation(index) ?? expect.fail(`no record ${index}`);
      if (index % 50 === 0) expect(data.conversationsJson(index, index + 1)).toBe(JSON.stringify(record));
      const [from, to] = [Date.parse(record.conversationStart), Date.parse(String(record.conversationEnd))];
      if (!(from >= Math.max(start, before) && from < to && to <= end))
        expect.fail(`record ${index}: ${from} to ${to}`);
      before = from;
      seen.add(record.conversationId);
    }
    expect(seen.size).toBe(50_000);
    expect(data.conversation(1)?.conversationId).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    );
  });

  it('formats times like toISOString', () => {
    const iso = createIsoWriter();
    for (const time of [
      0, -1, 1, 86_399_999, 86_400_000, 951_782_399_999, 1_696_118_400_001, 253_402_300_799_999,
    ]) {
      expect(iso(time)).toBe(new Date(time).toISOString());
    }
  });

  it('serves a million records without storing them', async () => {
    const before = process.memoryUsage().heapUsed;
    const sim = await start({ records: 1_000_000 });
    const api = client(sim);
    const interval = '2023-10-07T23:00:00.000Z/2023-10-08T00:00:00.000Z';
    for (let pageNumber = 1; pageNumber <= 50; pageNumber++) {
      const { data } = await api.post(QUERY, { interval, paging: { pageSize: 100, pageNumber } });
      expect(data.conversations).toHaveLength(100);
    }
    expect(sim.record(999_999).conversationId).toEqual(expect.any(String));
    let last = '';
    for (const record of sim.records()) last = record.conversationId;
    expect(last).toBe(sim.record(999_999).conversationId);
    // A record has about a kilobyte: a million stored records would need a gigabyte.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
  });

  it('closes despite hanging and delayed requests, and can be closed again', async () => {
    const sim = await startVendorSimulator({ tokenDelay: 3_600_000 });
    sim.schedule({ kind: 'hang', match: '/api' });
    const waiting = [
      networkError(client(sim).post(QUERY, {})),
      networkError(postForm(sim, '/oauth/token', { grant_type: 'client_credentials' })),
    ];
    await expect.poll(() => sim.counts.hangs + sim.counts.tokenRequests).toBe(2);
    await sim.close();
    expect(await Promise.all(waiting)).toEqual(['ECONNRESET', 'ECONNRESET']);
    await sim.close();
    expect(await networkError(axios.get(sim.url, { httpAgent: new Agent() }))).toBe('ECONNREFUSED');
  });

  it('closes at the end of `await using`', async () => {
    let url = '';
    {
      await using sim = await startVendorSimulator();
      url = sim.url;
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect((await anonymous(sim).get('/.well-known/openid-configuration')).status).toBe(200);
    }
    expect(await networkError(axios.get(url, { httpAgent: new Agent() }))).toBe('ECONNREFUSED');
    await expect(startVendorSimulator({ port: 1, host: '256.0.0.1' })).rejects.toThrow();
  });

  it('counts requests by path and concurrency, and resets the counts', async () => {
    const sim = await start();
    const { counts } = sim;
    const api = client(sim);
    // Requests that hang are open at the same time on a machine of any speed.
    sim.schedule({ kind: 'hang', times: 3 });
    const abort = new AbortController();
    const { signal } = abort;
    const hanging = [1, 2, 3].map(() => api.post(`${QUERY}?a=1`, { interval: sim.interval }, { signal }));
    await expect.poll(() => counts.hangs).toBe(3);
    abort.abort();
    await Promise.allSettled(hanging);
    await api.get('/__proto__');
    expect(counts).toMatchObject({ requests: 4, apiRequests: 4, maxConcurrent: 3 });
    expect({ ...counts.byPath }).toEqual(
      Object.fromEntries([
        [QUERY, 3],
        ['/__proto__', 1],
      ]),
    );
    sim.schedule({ kind: '500' });
    sim.reset();
    expect(sim.counts).toBe(counts);
    expect(counts).toMatchObject({ requests: 0, recordsServed: 0 });
    expect(Object.keys(counts.byPath)).toEqual([]);
    expect((await api.post(QUERY, { interval: sim.interval })).status).toBe(200);
  });

  it('logs the latest requests without secrets', async () => {
    const sim = await start({ requestLog: 3 });
    const { data } = await postForm(sim, '/oauth/token', { grant_type: 'client_credentials' });
    await anonymous(sim).post(
      `${QUERY}?token=${data.access_token}`,
      {},
      { headers: { Authorization: `Bearer ${data.access_token}` } },
    );
    expect(sim.requests).toMatchObject([
      { number: 1, method: 'POST', path: '/oauth/token', authorization: 'basic', status: 200 },
      { number: 2, method: 'POST', path: QUERY, authorization: 'bearer', token: 1, status: 400 },
    ]);
    const text = JSON.stringify([sim.requests, sim.counts]);
    expect(text).not.toContain(data.access_token);
    expect(text).not.toContain(sim.clientSecret);
    for (let n = 0; n < 20; n++) await anonymous(sim).get('/a');
    expect(sim.requests.map((entry) => entry.number)).toEqual([20, 21, 22]);
  });

  it('counts a bearer token that is sent to a token endpoint', async () => {
    const sim = await start();
    await client(sim).post('/oauth/token', new URLSearchParams({ grant_type: 'client_credentials' }));
    expect(sim.counts).toMatchObject({ leakedBearers: 1, tokenRefusals: 1 });
  });

  it.each([
    { records: -1 },
    { records: 1.5 },
    { interval: 'today' },
    { tokenLifetime: Number.NaN },
    { jobs: { availability: 'soon' } },
    { jobs: { poll: 1 } } as object,
  ])('rejects the options %o', async (options) => {
    await expect(startVendorSimulator(options)).rejects.toThrow(ConfigurationError);
  });

  it('throws a RangeError for an index without record', async () => {
    const sim = await start({ records: 2 });
    expect(() => sim.record(2)).toThrow(RangeError);
    expect(() => sim.record(-1)).toThrow(RangeError);
    expect(() => sim.completedContact(0.5)).toThrow(RangeError);
    const empty = await start({ records: 0 });
    expect((await client(empty).post(QUERY, { interval: empty.interval })).data).toEqual({});
  });
});
