import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CheckRecords,
  genesysContactList,
  importRecords,
  jsonLinesInput,
} from '../../../src/batch/index.ts';
import type { VendorSimulator } from '../../../src/testing/index.ts';
import { failure } from '../../support/batch.ts';
import {
  arrivals,
  CONTACTS,
  contacts,
  importing,
  LIST,
  readLines,
  untilComplete,
} from '../../support/imports.ts';

const numbers = (lines: readonly Record<string, unknown>[]) =>
  lines.map(({ record }) => (record as { n: number }).n);

/** Looks records up in the simulator, as a caller would in the API. */
const lookUpIn =
  (sim: VendorSimulator): CheckRecords =>
  async (records) => {
    const there = arrivals(sim);
    return records.map((record) => (there.has((record as { n: number }).n) ? 'present' : 'absent'));
  };

describe('when the response to a batch is lost', () => {
  it.each(['lost', 'reset', 'truncated', 'malformed', '500', '503', '408'] as const)(
    'writes records without ids to the unresolved file, sends them once, and continues after the fault %s',
    async (kind) => {
      const { sim, noIds, path } = await importing({ count: 9 });
      sim.schedule({ match: CONTACTS, kind, after: 1 });
      const summary = await importRecords(noIds);
      expect(summary).toMatchObject({ accepted: 6, unresolved: 3, requests: 3, records: 9 });
      const unresolved = await readLines(`${path}.unresolved.jsonl`);
      expect(numbers(unresolved)).toEqual([3, 4, 5]);
      expect(unresolved[0]?.unresolved).toMatchObject({ line: 4, reason: expect.stringMatching(/\w{5}/) });
      expect(summary.unresolvedRecords).toBe(`${path}.unresolved.jsonl`);
      expect([...arrivals(sim).values()].every((times) => times === 1)).toBe(true);
    },
  );

  it.each(['lost', 'reset', 'truncated', 'malformed', '500', '503', '408'] as const)(
    'sends records with ids again until the API responds after the fault %s',
    async (kind) => {
      const { sim, base, path } = await importing({ count: 9 });
      sim.schedule({ match: CONTACTS, kind, after: 1 });
      expect(await importRecords(base)).toMatchObject({ accepted: 9, unresolved: 0 });
      expect(sim.contacts(LIST).size).toBe(9);
      expect(existsSync(`${path}.unresolved.jsonl`)).toBe(false);
    },
  );

  it('treats a timeout as a lost response', async () => {
    const { sim, noIds, path } = await importing({ count: 9 });
    sim.schedule({ match: CONTACTS, kind: 'hang' });
    expect(await importRecords({ ...noIds, timeout: 60 })).toMatchObject({ accepted: 6, unresolved: 3 });
    expect(numbers(await readLines(`${path}.unresolved.jsonl`))).toEqual([0, 1, 2]);
  });

  it('lets the check decide: present records are accepted, absent records are sent again', async () => {
    const { sim, noIds, path } = await importing({ count: 9 });
    sim.schedule({ match: CONTACTS, kind: 'lost' }, { match: CONTACTS, kind: 'reset', after: 1 });
    const target = genesysContactList({ listId: LIST, check: lookUpIn(sim) });
    expect(await importRecords({ ...noIds, target })).toMatchObject({ accepted: 9, unresolved: 0 });
    expect([...arrivals(sim)].sort()).toEqual(contacts(9).map(({ n }) => [n, 1]));
    expect(existsSync(`${path}.unresolved.jsonl`)).toBe(false);
  });

  it('ends the import if the check fails, and calls the check again in the next run', async () => {
    const { sim, noIds } = await importing({ count: 6 });
    sim.schedule({ match: CONTACTS, kind: 'lost' });
    const broken: CheckRecords = async () => {
      throw new Error('search is down');
    };
    const withCheck = (check: CheckRecords) => ({
      ...noIds,
      target: genesysContactList({ listId: LIST, check }),
    });
    expect((await failure(importRecords(withCheck(broken)), 'ERR_CALLBACK')).message).toContain(
      'search is down',
    );
    await expect(importRecords(withCheck(async () => ['present']))).rejects.toThrow(
      `check must return one verdict for each record: 'present', 'absent' or 'unknown', not 1 verdicts for 3 records`,
    );
    expect(await importRecords(withCheck(lookUpIn(sim)))).toMatchObject({ accepted: 6, unresolved: 0 });
    expect([...arrivals(sim).values()]).toEqual(new Array(6).fill(1));
  });

  it('leaves records unresolved that the check does not know', async () => {
    const { sim, noIds } = await importing({ count: 3 });
    sim.schedule({ match: CONTACTS, kind: 'lost' });
    const target = genesysContactList({ listId: LIST, check: async () => ['present', 'unknown', 'absent'] });
    expect(await importRecords({ ...noIds, target, retries: 0 })).toMatchObject({
      accepted: 1,
      unresolved: 2,
    });
  });

  it('sends only the records with ids again if a batch has both kinds', async () => {
    const lines = ['{"id":"c0","n":0}', '{"n":1}', '{"id":"c2","n":2}'];
    const { sim, base } = await importing({ lines });
    sim.schedule({ match: CONTACTS, kind: 'lost' });
    expect(await importRecords(base)).toMatchObject({ accepted: 2, unresolved: 1 });
    expect([...arrivals(sim)]).toEqual([
      [0, 2],
      [1, 1],
      [2, 2],
    ]);
  });

  it('ends the import after the retries if the records have ids, and is resumable', async () => {
    const { sim, base, api } = await importing({ count: 6 });
    sim.schedule({ match: CONTACTS, kind: '500', times: 2, after: 1 });
    expect((await failure(importRecords({ ...base, retries: 1 }), 'ERR_REQUEST')).message).toContain('500');
    expect(await importRecords({ ...base, api })).toMatchObject({
      resumed: true,
      accepted: 6,
      unresolved: 0,
    });
  });

  it('ends the import after three lost responses in a row, so that not every record becomes unresolved', async () => {
    const { sim, noIds } = await importing({ count: 30 });
    sim.schedule({ match: CONTACTS, kind: '503', times: 5, after: 1 });
    await failure(importRecords(noIds), 'ERR_REQUEST');
    expect(sim.counts.byPath[CONTACTS]).toBe(4);
    expect(await importRecords(noIds)).toMatchObject({ accepted: 15, unresolved: 15 });
  });

  it('continues after lost responses that are not in a row', async () => {
    const schedule = ({ numberOnPath }: { numberOnPath: number }) => (numberOnPath % 3 ? 'lost' : 'none');
    const { noIds } = await importing({ count: 27, faults: { schedule } });
    expect(await importRecords(noIds)).toMatchObject({ accepted: 9, unresolved: 18 });
  });

  it('does not send a lost request again, even if other code on the instance retries', async () => {
    const { sim, noIds } = await importing({ count: 6 });
    const api = axios.create({ baseURL: sim.url, proxy: false });
    api.defaults.headers.common.Authorization = `Bearer ${sim.issueToken()}`;
    axiosRetry(api, { retries: 5, retryCondition: () => true });
    sim.schedule({ match: CONTACTS, kind: 'lost' }, { match: CONTACTS, kind: '429', retryAfter: 0 });
    expect(await importRecords({ ...noIds, api })).toMatchObject({ accepted: 3, unresolved: 3 });
    expect(sim.counts.byPath[CONTACTS]).toBe(3);
    expect([...arrivals(sim).values()]).toEqual(new Array(6).fill(1));
  });

  it('imports an unresolved file with `sendAgain`, without changes', async () => {
    const { sim, noIds, path } = await importing({ count: 6 });
    sim.schedule({ match: CONTACTS, kind: 'reset' });
    await importRecords(noIds);
    const input = jsonLinesInput(`${path}.unresolved.jsonl`);
    expect(await importRecords({ ...noIds, input, sendAgain: true })).toMatchObject({ accepted: 3 });
    expect([...arrivals(sim).values()]).toEqual(new Array(6).fill(1));
  });
});

it('ends each record as accepted, rejected or unresolved, and adds none twice, after any faults in any order', async () => {
  const steps = [
    ...(['lost', 'reset', '503', '500', '403', '400', 'truncated', 'malformed', 'none'] as const),
    { kind: '429' as const, retryAfter: 0 },
    { status: 413 },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        count: fc.integer({ min: 1, max: 14 }),
        batchRecords: fc.integer({ min: 1, max: 6 }),
        concurrency: fc.integer({ min: 1, max: 3 }),
        maxContacts: fc.integer({ min: 1, max: 6 }),
        faults: fc.array(fc.constantFrom(...steps), { maxLength: 14 }),
        ids: fc.boolean(),
      }),
      async ({ count, batchRecords, concurrency, maxContacts, faults, ids }) => {
        const { sim, base, noIds, path, directory } = await importing({
          count,
          maxContacts,
          faults: { schedule: faults },
        });
        const options = { ...(ids ? base : noIds), batchRecords, concurrency, baseDelay: 0 };
        const summary = await untilComplete(options);
        const [rejects, unresolved] = await Promise.all(
          ['rejects', 'unresolved'].map(async (name) => numbers(await readLines(`${path}.${name}.jsonl`))),
        );
        const there = arrivals(sim);
        const settled = [...(rejects ?? []), ...(unresolved ?? [])];
        // Each record is at most once in its file, and no record is missing.
        expect(new Set(settled).size).toBe(settled.length);
        for (const { n } of contacts(count)) expect(there.has(n) || settled.includes(n)).toBe(true);
        expect(summary).toMatchObject({
          records: count,
          rejected: rejects?.length,
          unresolved: unresolved?.length,
          accepted: count - settled.length,
        });
        for (const n of rejects ?? []) expect(ids || !there.has(n)).toBe(true);
        if (ids) {
          expect(unresolved).toEqual([]);
          expect(sim.contacts(LIST).size).toBe(there.size);
        } else expect([...there.values()].every((times) => times === 1)).toBe(true);
        const checkpoint = await readFile(`${directory}/in.jsonl.import.checkpoint`, 'utf8');
        expect(JSON.parse(checkpoint).state.completeAt).toBeGreaterThan(0);
        await sim.close();
      },
    ),
    { numRuns: 40 },
  );
});
