import { describe, expect, it } from 'vitest';
import type { ConversationDetail, SimulatorOptions, VendorSimulator } from '../../src/testing/index.ts';
import { client, JOBS, QUERY, start } from './support.ts';

const HOUR = 3_600_000;
const OCTOBER = '2026-10-22T00:00:00.000Z/2026-10-29T00:00:00.000Z';
const COMPLETED = '/incontactapi/services/v30.0/contacts/completed';

/** Starts a simulator whose data follow a clock that the test moves. */
async function startAt(time: string, options: SimulatorOptions = {}) {
  let now = Date.parse(time);
  const sim = await start({ interval: OCTOBER, records: 700, dataClock: { now: () => now }, ...options });
  return {
    sim,
    setTime(text: string) {
      now = Date.parse(text);
    },
  };
}

async function query(sim: VendorSimulator, body: object): Promise<ConversationDetail[]> {
  const found: ConversationDetail[] = [];
  for (let pageNumber = 1; ; pageNumber++) {
    const { data } = await client(sim).post(QUERY, { ...body, paging: { pageSize: 100, pageNumber } });
    if (!data.conversations) return found;
    found.push(...data.conversations);
    expect(data.totalHits).toBeGreaterThanOrEqual(found.length);
  }
}

async function job(sim: VendorSimulator, body: object): Promise<ConversationDetail[]> {
  const api = client(sim);
  const { data } = await api.post(JOBS, body);
  const found: ConversationDetail[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await api.get(`${JOBS}/${data.jobId}/results`, { params: { cursor, pageSize: 7 } });
    found.push(...page.data.conversations);
    cursor = page.data.cursor;
    if (cursor === undefined) return found;
  }
}

const ids = (records: Iterable<ConversationDetail>) => [...records].map((record) => record.conversationId);

describe('the clock of the data', () => {
  it('hides conversations that have not begun, and leaves out the end of running ones', async () => {
    const { sim, setTime } = await startAt('2026-10-24T12:00:00Z', { longConversations: 0.2 });
    const day = { interval: '2026-10-24T00:00Z/2026-10-25T00:00Z' };
    const found = await query(sim, day);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ conversationStart }) => conversationStart <= '2026-10-24T12:00:00.000Z')).toBe(
      true,
    );
    const running = found.filter(({ conversationEnd }) => conversationEnd === undefined);
    expect(running.length).toBeGreaterThan(0);
    for (const { participants } of running) {
      for (const segment of participants.flatMap(({ sessions }) => sessions.flatMap((s) => s.segments))) {
        expect(segment).not.toHaveProperty('segmentEnd');
        expect(segment).not.toHaveProperty('wrapUpCode');
      }
    }
    expect(await query(sim, { interval: '2026-10-25T00:00Z/2026-10-26T00:00Z' })).toEqual([]);
    setTime('2026-11-01T00:00:00Z');
    const later = await query(sim, day);
    expect(later.length).toBeGreaterThan(found.length);
    expect(later.every(({ conversationEnd }) => conversationEnd !== undefined)).toBe(true);
  });

  it('returns the same final data as a simulator without the clock', async () => {
    const late = { share: 0.5, delay: 2 * HOUR };
    const { sim } = await startAt('2026-11-01T00:00:00Z', { lateChanges: late, lateArrivals: late });
    const plain = await start({ interval: OCTOBER, records: 700 });
    expect([...sim.records()]).toEqual([...plain.records()]);
    expect(await query(sim, { interval: OCTOBER })).toEqual([...plain.records()]);
    expect(sim.completedContact(3).endReason).toEqual(plain.completedContact(3).endReason);
  });

  it('adds a wrap-up code or a participant, or removes a segment, within the delay after the end', async () => {
    const lateChanges = { share: 0.4, delay: 10 * HOUR };
    const { sim, setTime } = await startAt('2026-10-29T00:00:00Z', { lateChanges });
    const [before, between, after] = ['2026-10-29T00:00:00Z', '2026-10-29T05:00:00Z', '2026-10-29T10:00:00Z'];
    const at = (time: string) => {
      setTime(time);
      return [...sim.records()].map((record) => JSON.stringify(record));
    };
    const [first, second, last] = [at(before), at(between), at(after)];
    const differing = (texts: string[]) => texts.filter((text, n) => text !== last[n]);
    expect(differing(first).length).toBeGreaterThan(differing(second).length);
    expect(differing(second).length).toBeGreaterThan(0);
    const missing = differing(first).map((text) => {
      const { participants }: ConversationDetail = JSON.parse(text);
      if (participants.length === 1) return 'participant';
      const segments = participants[1]?.sessions[0]?.segments ?? [];
      return segments.length === 2 ? 'removal' : segments[0]?.wrapUpCode === undefined && 'wrap-up code';
    });
    expect(new Set(missing)).toEqual(new Set(['participant', 'removal', 'wrap-up code']));
    const changes = (records: string[]) => records.slice(0, 600).filter((text, n) => text !== last[n]);
    expect(changes(first)).toEqual([]);
  });

  it('shows late conversations within the delay after their start, in the query and by index', async () => {
    const lateArrivals = { share: 0.5, delay: 6 * HOUR };
    const { sim, setTime } = await startAt('2026-10-23T00:00:00Z', { lateArrivals });
    const day = { interval: '2026-10-22T00:00Z/2026-10-23T00:00Z' };
    const first = ids(await query(sim, day));
    expect(ids(sim.records())).toEqual(first);
    const hidden = Array.from({ length: 100 }, (_, n) => n).filter((n) => {
      try {
        return !sim.record(n);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return true;
      }
    });
    expect(first.length + hidden.length).toBe(100);
    expect(hidden.length).toBeGreaterThan(0);
    setTime('2026-10-23T06:00:00Z');
    const all = ids(await query(sim, day));
    expect(all.length).toBeGreaterThanOrEqual(100);
    expect(first.every((id) => all.includes(id))).toBe(true);
  });

  it('makes the data of details jobs lag behind', async () => {
    const jobs = { polls: 0, availabilityLag: 24 * HOUR };
    const { sim, setTime } = await startAt('2026-10-25T00:00:00Z', { jobs });
    const available = async () => (await client(sim).get(`${JOBS}/availability`)).data.dataAvailabilityDate;
    expect(await available()).toBe('2026-10-24T00:00:00.000Z');
    const found = await job(sim, { interval: OCTOBER });
    expect(found).toHaveLength(200);
    expect(found.every(({ conversationStart }) => conversationStart < '2026-10-24')).toBe(true);
    setTime('2026-10-26T00:00:00Z');
    expect(await available()).toBe('2026-10-25T00:00:00.000Z');
    expect(await job(sim, { interval: OCTOBER })).toHaveLength(300);
  });

  it('returns completed contacts, and those updated since a time when they change', async () => {
    const lateChanges = { share: 0.3, delay: 12 * HOUR };
    const { sim, setTime } = await startAt('2026-10-24T00:00:00Z', { lateChanges, longConversations: 0.1 });
    const read = async (params: object) =>
      (await client(sim, 'cxone').get(COMPLETED, { params })).data.completedContacts ?? [];
    const startDate = '2026-10-22T00:00:00Z';
    const first: { contactId: number; contactEnd: string; endReason: string }[] = await read({ startDate });
    expect(first.length).toBeLessThan(200);
    expect(first.every(({ contactEnd }) => contactEnd <= '2026-10-24T00:00:00.000Z')).toBe(true);
    expect(first.some(({ endReason }) => endReason === 'Unknown')).toBe(true);
    setTime('2026-10-24T12:00:00Z');
    const updates: { contactId: number; lastUpdateTime: string }[] = await read({
      updatedSince: '2026-10-24T00:00:00.001Z',
      endDate: '2026-10-24T00:00:00Z',
      orderBy: 'lastUpdateTime',
    });
    const times = updates.map(({ lastUpdateTime }) => lastUpdateTime);
    expect(times).toEqual(times.toSorted());
    const changed = first
      .filter(({ endReason }) => endReason === 'Unknown')
      .map(({ contactId }) => contactId);
    expect(updates.map(({ contactId }) => contactId)).toEqual(expect.arrayContaining(changed));
  });

  it.each([
    ['23 hours in March', '2026-03-29', '2026-03-28T23:00Z', '2026-03-29T22:00Z', 23],
    ['25 hours in October', '2026-10-25', '2026-10-24T22:00Z', '2026-10-25T23:00Z', 25],
  ])('answers for a day of Berlin with %s, and with conversations of the day before', async (...row) => {
    const [, date, from, to, hours] = row;
    const interval = `${from}/${to}`;
    const around = [-3, 3]
      .map((days) => new Date(Date.parse(date) + days * 24 * HOUR).toISOString())
      .join('/');
    const sim = await start({ interval: around, records: 6 * 240, longConversations: 0.3 });
    const found = await query(sim, { interval });
    const began = found.filter(({ conversationStart }) => Date.parse(conversationStart) >= Date.parse(from));
    expect(began).toHaveLength(hours * 10);
    expect(found.length).toBeGreaterThan(began.length);
    const neighbours = found.filter((record) => !began.includes(record));
    expect(neighbours.every((record) => Date.parse(String(record.conversationEnd)) > Date.parse(from))).toBe(
      true,
    );
  });

  it('makes the share of long conversations, with the activity that the API documents', async () => {
    const sim = await start({ interval: OCTOBER, records: 2000, longConversations: 0.1, jobs: { polls: 0 } });
    const lengths = [...sim.records()].map(
      ({ conversationStart, conversationEnd }) =>
        Date.parse(String(conversationEnd)) - Date.parse(conversationStart),
    );
    const share = lengths.filter((length) => length >= HOUR).length / 2000;
    expect(share).toBeGreaterThan(0.07);
    expect(share).toBeLessThan(0.13);
    expect(Math.max(...lengths)).toBeGreaterThan(24 * HOUR);
    const [from, to] = ['2026-10-25T06:00:00.000Z', '2026-10-25T07:00:00.000Z'];
    const overlapping = [...sim.records()].filter(
      (record) => record.conversationStart < to && String(record.conversationEnd) > from,
    );
    expect(await job(sim, { interval: `${from}/${to}` })).toEqual(overlapping);
    const sameDay = overlapping.filter(({ conversationStart }) => conversationStart >= '2026-10-25');
    expect(sameDay.length).toBeLessThan(overlapping.length);
    expect(await query(sim, { interval: `${from}/${to}` })).toEqual(sameDay);
    expect(await query(sim, { interval: `${from}/${to}`, order: 'desc' })).toEqual(sameDay.toReversed());
  });

  it.each([
    [{ lateChanges: { share: 0.5 } }, 'lateChanges requires dataClock'],
    [{ lateArrivals: { share: 0.5 } }, 'lateArrivals requires dataClock'],
    [{ lateChanges: { share: 2 }, dataClock: Date }, 'lateChanges.share must be a number from 0 to 1'],
    [{ longConversations: 1.5 }, 'longConversations must be a number from 0 to 1'],
    [{ dataClock: {} } as SimulatorOptions, 'dataClock must have the function now'],
  ])('refuses %o', async (options, problem) => {
    await expect(start(options)).rejects.toThrow(problem);
  });
});
