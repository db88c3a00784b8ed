import axios from 'axios';
import { describe, expect, it } from 'vitest';
import type { CompletedContactsResponse } from '../../src/testing/index.ts';
import { anonymous, client, start } from './support.ts';

const COMPLETED = '/incontactapi/services/v27.0/contacts/completed';
const WEEK = { startDate: '2023-10-01T00:00:00Z', endDate: '2023-10-08T00:00:00Z' };

describe('the CXone API of the simulator', () => {
  it('returns every completed contact once through _links.next', async () => {
    const sim = await start({ records: 105 });
    const api = client(sim, 'cxone');
    const found: unknown[] = [];
    let next: string | undefined = `${COMPLETED}?${new URLSearchParams({ ...WEEK, top: '25' })}`;
    let pages = 0;
    for (; next; pages++) {
      const { data }: { data: CompletedContactsResponse } = await api.get(next);
      expect(data.totalRecords).toBe(105);
      found.push(...data.completedContacts);
      next = data._links.next;
    }
    expect(pages).toBe(5);
    expect(found).toEqual(Array.from({ length: 105 }, (_, n) => sim.completedContact(n)));
  });

  it('answers 204 without a body for an interval without data', async () => {
    const sim = await start();
    const api = client(sim, 'cxone');
    for (const params of [
      { startDate: '2024-01-01', endDate: '2024-01-02' },
      { ...WEEK, skip: 1000 },
    ]) {
      const { status, data } = await api.get(COMPLETED, { params });
      expect([status, data]).toEqual([204, '']);
    }
  });

  it('returns at most 10,000 rows and the URL of the next page', async () => {
    const sim = await start({ records: 10_001 });
    const api = client(sim, 'cxone');
    const first = await api.get(COMPLETED, { params: { ...WEEK, top: 50_000 } });
    expect(first.data.completedContacts).toHaveLength(10_000);
    const second = await api.get(first.data._links.next);
    expect(second.data.completedContacts).toEqual([sim.completedContact(10_000)]);
    expect(second.data._links.next).toBeUndefined();
  });

  it('filters by start and update, and sorts', async () => {
    const sim = await start({ records: 700 });
    const api = client(sim, 'cxone');
    const day = await api.get(COMPLETED, {
      params: { startDate: '2023-10-02', endDate: '2023-10-03', orderBy: 'contactStart desc' },
    });
    expect(day.data.completedContacts).toEqual(
      Array.from({ length: 100 }, (_, n) => sim.completedContact(199 - n)),
    );
    const updatedSince = sim.completedContact(650).lastUpdateTime;
    const since = await api.get(COMPLETED, { params: { updatedSince } });
    expect(since.data.totalRecords).toBe(50);
    expect(since.data.completedContacts[0]).toEqual(sim.completedContact(650));
  });

  it('rejects invalid parameters with the message in a header', async () => {
    const sim = await start();
    for (const params of [
      {},
      { startDate: 'yesterday' },
      { ...WEEK, top: 0 },
      { ...WEEK, skip: -1 },
      { ...WEEK, orderBy: 'agentId' },
    ]) {
      const { status, headers } = await client(sim, 'cxone').get(COMPLETED, { params });
      expect(status).toBe(400);
      expect(headers.icstatusdescription).toEqual(expect.any(String));
    }
  });

  it('extracts data into a file on another host, which refuses a bearer token', async () => {
    const sim = await start({ records: 50 });
    const api = client(sim, 'cxone');
    const job = { entityName: 'contacts', version: '1', ...WEEK };
    const { data: jobId, status } = await api.post('/data-extraction/v1/jobs', job);
    expect([status, typeof jobId]).toEqual([202, 'string']);
    const states: string[] = [];
    let url = '';
    while (url === '') {
      const { data } = await api.get(`/data-extraction/v1/jobs/${jobId}`);
      states.push(data.jobStatus.status);
      url = data.jobStatus.result?.url ?? '';
    }
    expect(states).toEqual(['RUNNING', 'RUNNING', 'SUCCEEDED']);
    expect(new URL(url).origin).not.toBe(sim.url);

    expect((await api.get(url)).status).toBe(400);
    expect(sim.counts.leakedBearers).toBe(1);
    const file = await axios.get<string>(url);
    const lines = file.data.trimEnd().split('\n');
    expect(lines).toHaveLength(51);
    expect(lines[50]).toBe(Object.values(sim.completedContact(49)).join(','));
    sim.expireJobs();
    expect((await api.get(`/data-extraction/v1/jobs/${jobId}`)).data.jobStatus.status).toBe('EXPIRED');
    expect((await anonymous(sim).get(url)).status).toBe(404);
  });
});
