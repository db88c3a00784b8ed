import { describe, expect, it } from 'vitest';
import { client, start } from './support.ts';

const PATH = '/api/v2/outbound/contactlists/list-1/contacts';
const BULK = '/api/v2/externalcontacts/bulk/contacts/add';
const contact = (id: string) => ({ id, contactListId: 'list-1', data: { phone: `+1${id}` } });

describe('contact import', () => {
  it('records every imported contact and how often it arrived', async () => {
    const sim = await start();
    const api = client(sim);
    const { status, data } = await api.post(PATH, [contact('a'), contact('b')]);
    expect(status).toBe(200);
    expect(data[0]).toEqual({ id: 'a', contactListId: 'list-1', data: { phone: '+1a' }, callable: true });
    await api.post(PATH, [contact('b'), contact('c'), contact('c')]);
    const times = [...sim.contacts('list-1').values()].map((one) => [one.id, one.times]);
    expect(times).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 2],
    ]);
    expect(sim.contacts('list-2').size).toBe(0);
    expect(sim.counts.contactsReceived).toBe(5);
  });

  it('creates a new contact each time for a contact without ID', async () => {
    const sim = await start();
    const body = [{ contactListId: 'list-1', data: { phone: '1' } }];
    await client(sim).post(PATH, body);
    await client(sim).post(PATH, body);
    expect([...sim.contacts('list-1').values()].map((one) => one.times)).toEqual([1, 1]);
  });

  it('rejects more than 1000 contacts and invalid contacts without storing any', async () => {
    const sim = await start();
    const many = Array.from({ length: 1001 }, (_, n) => contact(String(n)));
    for (const body of [many, [contact('a'), { id: 'b' }], { contacts: [] }]) {
      expect((await client(sim).post(PATH, body)).status).toBe(400);
    }
    expect(sim.contacts('list-1').size).toBe(0);
    expect((await client(sim).post(PATH, many.slice(1))).status).toBe(200);
    expect(sim.contacts('list-1').size).toBe(1000);
  });

  it('answers 200 after partial failure and reports failures in results, errorCount and errorIndexes', async () => {
    const sim = await start({ bulkFailures: 0.3 });
    const entities = Array.from({ length: 200 }, (_, n) =>
      n === 7 ? { id: 'x7' } : { id: `x${n}`, lastName: 'L' },
    );
    const { status, data } = await client(sim).post(BULK, { entities });
    expect(status).toBe(200);
    expect(data.errorIndexes).toContain(7);
    expect(data.errorCount).toBe(data.errorIndexes.length);
    expect(data.errorCount).toBeGreaterThan(30);
    expect(data.errorCount).toBeLessThan(100);
    expect(data.results[7]).toMatchObject({ success: false, status: 400, error: { retryable: false } });
    const other = data.errorIndexes.find((index: number) => index !== 7);
    expect(data.results[other]).toMatchObject({ success: false, status: 503, error: { retryable: true } });
    const stored = data.results.filter((result: { success: boolean }) => result.success);
    expect([...sim.externalContacts().keys()]).toEqual(stored.map((result: { id: string }) => result.id));
    expect(sim.counts.contactsReceived).toBe(stored.length);
    expect((await client(sim).post(BULK, {})).status).toBe(400);
  });
});
