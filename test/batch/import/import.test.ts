import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  csvInput,
  genesysContactList,
  genesysExternalContacts,
  type ImportProgress,
  importRecords,
  jsonLinesInput,
} from '../../../src/batch/index.ts';
import { ConfigurationError } from '../../../src/core/errors.ts';
import type { VendorSimulator } from '../../../src/testing/index.ts';
import { failure } from '../../support/batch.ts';
import {
  arrivals,
  attachedTo,
  BULK,
  CONTACTS,
  contacts,
  IMPORT_ID,
  importing,
  LIST,
  readLines,
} from '../../support/imports.ts';
import { meetingOf } from '../../support/meeting.ts';
import { sendJson, startServer } from '../../support/server.ts';

const once = (count: number) => new Map(Array.from({ length: count }, (_, n) => [n, 1]));

describe('importRecords', () => {
  it('sends every record once, in order, and leaves only its checkpoint', async () => {
    const { sim, base, directory } = await importing({ count: 10 });
    const seen: ImportProgress[] = [];
    const summary = await importRecords({ ...base, onProgress: (progress) => seen.push(progress) });
    expect([...sim.contacts(LIST).keys()]).toEqual(contacts(10).map(({ id }) => id));
    expect(arrivals(sim)).toEqual(once(10));
    expect(summary).toMatchObject({
      status: 'complete',
      records: 10,
      accepted: 10,
      rejected: 0,
      unresolved: 0,
      pages: 4,
      total: 10,
      requests: 4,
      resumed: false,
      alreadyComplete: false,
    });
    expect(seen.map(({ records }) => records)).toEqual([3, 6, 9, 10]);
    expect(seen[0]?.total).toBe(10);
    expect((await readdir(directory)).sort()).toEqual(['in.jsonl', 'in.jsonl.import.checkpoint']);
  });

  it('sends nothing when run again, except lines that were appended since', async () => {
    const { sim, base, path } = await importing({ count: 4 });
    await importRecords(base);
    const before = sim.counts.requests;
    expect(await importRecords(base)).toMatchObject({ alreadyComplete: true, records: 4, accepted: 4 });
    expect(sim.counts.requests).toBe(before);
    await appendFile(path, '{"id":"c4","n":4}\n');
    expect(await importRecords(base)).toMatchObject({ alreadyComplete: false, resumed: true, accepted: 5 });
    expect(arrivals(sim)).toEqual(once(5));
  });

  it('keeps the old checkpoint under another name when restarted', async () => {
    const { sim, base, directory } = await importing({ count: 4 });
    await importRecords(base);
    await importRecords({ ...base, restart: true });
    expect(arrivals(sim).get(0)).toBe(2);
    expect(await readdir(directory)).toContain('in.jsonl.import.checkpoint.old-1');
  });

  it('imports CSV, where each row becomes the data of a contact', async () => {
    const { sim, base, directory } = await importing();
    const path = join(directory, 'in.csv');
    await writeFile(path, '\ufeffid,name\r\nx1,"Ann, ""A"""\r\nx2,"two\nlines"\r\n');
    await importRecords({ ...base, input: csvInput(path) });
    expect([...sim.contacts(LIST).values()].map(({ id, data }) => [id, data])).toEqual([
      ['x1', { id: 'x1', name: 'Ann, "A"' }],
      ['x2', { id: 'x2', name: 'two\nlines' }],
    ]);
  });

  it('sends contacts in the shape of the API without changes', async () => {
    const { sim, noIds } = await importing({ lines: ['{"id":"a","data":{"n":1},"callable":false}'] });
    await importRecords(noIds);
    expect(sim.contacts(LIST).get('a')?.data).toEqual({ n: 1 });
  });

  it('limits batches by bytes, and sends a larger record alone', async () => {
    const long = 'x'.repeat(500);
    const { sim, base } = await importing({
      lines: [{ n: 0 }, { n: 1 }, { n: 2, long }, { n: 3 }].map((record, n) =>
        JSON.stringify({ id: `c${n}`, ...record }),
      ),
    });
    const summary = await importRecords({ ...base, batchRecords: 100, batchBytes: 100 });
    expect(summary).toMatchObject({ pages: 3, accepted: 4 });
    expect(arrivals(sim)).toEqual(once(4));
  });

  it('sends as many batches at once as `concurrency` allows, and no more', async () => {
    const { sim, api, base } = await importing({ count: 36 });
    // Each request waits until four requests are waiting, so fewer at once would wait forever.
    const meeting = meetingOf(4);
    api.interceptors.request.use(async (config) => {
      await meeting();
      return config;
    });
    expect(await importRecords({ ...base, concurrency: 4 })).toMatchObject({ accepted: 36 });
    expect(arrivals(sim)).toEqual(once(36));
    expect(sim.counts.maxConcurrent).toBeLessThanOrEqual(4);
  });

  it('completes despite revoked tokens, server errors and broken connections', async () => {
    const { sim, base } = await importing({
      count: 60,
      revokeEvery: 5,
      faults: { probability: 0.3, kinds: ['503', 'reset', 'lost', 'truncated'], retryAfter: 0 },
    });
    const summary = await importRecords({ ...base, concurrency: 2, retries: 20 });
    expect(summary).toMatchObject({ accepted: 60, rejected: 0, unresolved: 0 });
    expect([...sim.contacts(LIST).keys()].sort()).toEqual(
      contacts(60)
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describe('when the API refuses records', () => {
  it('finds a bad record by halving, writes it to the rejects with the reason, and imports it once fixed', async () => {
    const { sim, base, path } = await importing({ count: 9, maxContacts: 1000 });
    const bad = ['{"id":"b1","data":7}', '{"id":"b2"}'];
    const good = contacts(9).map((contact) => JSON.stringify({ id: contact.id, data: contact }));
    await writeFile(path, [...good.slice(0, 4), bad[0], ...good.slice(4), ''].join('\n'));
    const target = {
      ...base.target,
      // Sends the records unchanged, so that the API refuses some.
      request: (records: readonly unknown[]) => ({ method: 'POST', url: CONTACTS, data: records }),
    };
    const summary = await importRecords({ ...base, target, batchRecords: 100 });
    expect(summary).toMatchObject({ accepted: 9, rejected: 1, rejects: `${path}.rejects.jsonl` });
    expect(arrivals(sim)).toEqual(once(9));
    const rejects = await readLines(`${path}.rejects.jsonl`);
    expect(rejects).toEqual([
      {
        rejected: { import: IMPORT_ID, line: 5, status: 400, reason: 'Contact 0 has no data.' },
        record: { id: 'b1', data: 7 },
      },
    ]);

    // The rejects file is a valid input once fixed.
    const text = await readFile(`${path}.rejects.jsonl`, 'utf8');
    await writeFile(`${path}.rejects.jsonl`, text.replace('"data":7', '"data":{"n":9}'));
    const again = await importRecords({ ...base, target, input: jsonLinesInput(`${path}.rejects.jsonl`) });
    expect(again).toMatchObject({ accepted: 1, rejected: 0 });
    expect(arrivals(sim)).toEqual(once(10));
  });

  it('halves a batch that is larger than the API accepts until it fits', async () => {
    const { sim, noIds } = await importing({ count: 20, maxContacts: 3 });
    const summary = await importRecords({ ...noIds, batchRecords: 20 });
    expect(summary).toMatchObject({ accepted: 20, rejected: 0, pages: 1 });
    expect(arrivals(sim)).toEqual(once(20));
  });

  it('rejects a record that cannot be a contact without a request', async () => {
    const { base, path } = await importing({ lines: ['7', '{"id":"c0","n":0}', '[]'] });
    expect(await importRecords(base)).toMatchObject({ accepted: 1, rejected: 2, requests: 1 });
    expect((await readLines(`${path}.rejects.jsonl`)).map(({ record }) => record)).toEqual([7, []]);
  });

  it('rejects refused records of a partial failure, and sends temporary failures again', async () => {
    const lines = [
      ...contacts(50).map(({ id }) => JSON.stringify({ id, lastName: id })),
      '{"id":"nameless"}',
    ];
    const { sim, base, path } = await importing({ lines, bulkFailures: 0.3, seed: 3 });
    const target = genesysExternalContacts({ maxRecords: 20 });
    const summary = await importRecords({ ...base, target, batchRecords: undefined, retries: 20 });
    expect(summary).toMatchObject({ accepted: 50, rejected: 1, unresolved: 0 });
    expect([...sim.externalContacts().values()].map(({ times }) => times)).toEqual(new Array(50).fill(1));
    expect(await readLines(`${path}.rejects.jsonl`)).toEqual([
      {
        rejected: {
          import: IMPORT_ID,
          line: 51,
          status: 400,
          reason: 'A contact needs a first or a last name.',
        },
        record: { id: 'nameless' },
      },
    ]);
  });

  it('rejects a record that keeps failing after its retries, and accepts it when it is imported again', async () => {
    const lines = contacts(30).map(({ id }) => JSON.stringify({ id, lastName: id }));
    const { sim, base, path } = await importing({ lines, bulkFailures: 0.6 });
    const target = genesysExternalContacts();
    let input = base.input;
    for (let round = 0; ; round++) {
      const { rejects } = await importRecords({ ...base, input, target, retries: 0 });
      if (!rejects) break;
      expect(round).toBeLessThan(40);
      input = jsonLinesInput(rejects);
    }
    expect([...sim.externalContacts().values()].map(({ times }) => times)).toEqual(new Array(30).fill(1));
    expect(existsSync(`${path}.rejects.jsonl`)).toBe(true);
  });

  it.each([
    ['errorCount', { errorCount: 1 }],
    ['errorIndexes', { errorIndexes: [0] }],
    ['the number of results', { results: [] }],
    ['the missing results', { results: undefined }],
  ])('leaves the records of a response unresolved if it contradicts itself in %s', async (_, wrong) => {
    const right = { results: [{ success: true }, { success: true }], errorCount: 0, errorIndexes: [] };
    const { sim, base } = await importing({ lines: ['{"lastName":"a"}', '{"lastName":"b"}'] });
    sim.schedule({ match: BULK, body: { ...right, ...wrong } });
    const summary = await importRecords({ ...base, target: genesysExternalContacts() });
    expect(summary).toMatchObject({ accepted: 0, unresolved: 2 });
  });
});

describe('when an import ends early', () => {
  it.each(['401', '403', '404', '429'] as const)(
    'keeps every record for the next run after a %s',
    async (kind) => {
      const { sim, noIds, path } = await importing({ count: 9 });
      sim.schedule({ match: CONTACTS, kind, times: 100, after: 1, retryAfter: 3600 });
      const code = kind === '429' ? 'ERR_THROTTLED' : 'ERR_REQUEST';
      const error = await failure(importRecords(noIds), code);
      expect(error.resumable).toBe(true);
      expect(error.message).toContain(kind);
      expect(arrivals(sim)).toEqual(once(3));
      await useUpFaults(sim);
      expect(await importRecords(noIds)).toMatchObject({ resumed: true, accepted: 9, unresolved: 0 });
      expect(arrivals(sim)).toEqual(once(9));
      expect(existsSync(`${path}.unresolved.jsonl`)).toBe(false);
    },
  );

  it('sends records in the next run if the API was unreachable, because they were surely not executed', async () => {
    const { noIds, sim } = await importing({ count: 4 });
    const api = axios.create({ baseURL: 'http://127.0.0.1:1', proxy: false });
    const account = sim.url;
    expect((await failure(importRecords({ ...noIds, api, account }), 'ERR_REQUEST')).message).toContain(
      'ECONNREFUSED',
    );
    expect(await importRecords({ ...noIds, account })).toMatchObject({ accepted: 4, unresolved: 0 });
  });

  it('leaves no checkpoint after a wrong list id, so that the next run can use the right one', async () => {
    const { sim, base, noIds } = await importing({ count: 4 });
    sim.schedule({ match: CONTACTS, kind: '404' });
    await failure(importRecords(base), 'ERR_REQUEST');
    expect(await importRecords(noIds)).toMatchObject({ accepted: 4, resumed: false });
  });

  it('refuses another target or account once records were imported', async () => {
    const { base, noIds, sim } = await importing({ count: 9 });
    sim.schedule({ match: CONTACTS, kind: '403', after: 1 });
    await failure(importRecords(base), 'ERR_REQUEST');
    expect((await failure(importRecords(noIds), 'ERR_CHECKPOINT_MISMATCH')).message).toContain('idField');
    await failure(importRecords({ ...base, account: 'other' }), 'ERR_CHECKPOINT_MISMATCH');
    expect(await importRecords(base)).toMatchObject({ accepted: 9 });
  });

  it('refuses a second run at the same time', async () => {
    const { base, sim } = await importing({ count: 9, pageDelay: 30 });
    const [first, second] = await Promise.allSettled([importRecords(base), importRecords(base)]);
    const refused =
      first.status === 'rejected' ? first.reason : second.status === 'rejected' && second.reason;
    expect(refused).toMatchObject({ code: 'ERR_LOCKED' });
    expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(arrivals(sim)).toEqual(once(9));
  });

  it('ends with the error that the progress listener throws, and is resumable', async () => {
    const { base, sim } = await importing({ count: 6 });
    const onProgress = () => {
      throw new Error('listener failed');
    };
    expect((await failure(importRecords({ ...base, onProgress }), 'ERR_CALLBACK')).message).toBe(
      'listener failed',
    );
    const { base: other } = await importing();
    const rejecting = async () => onProgress();
    const error = await failure(importRecords({ ...other, onProgress: rejecting }), 'ERR_CALLBACK');
    expect(error.message).toBe('listener failed');
    expect(await importRecords(base)).toMatchObject({ accepted: 6 });
    expect(arrivals(sim)).toEqual(once(6));
  });
});

describe('when the signal is aborted', () => {
  it('waits for the request on the wire, sends no other, and is resumable', async () => {
    const { sim, noIds, path } = await importing({ count: 9, pageDelay: 60 });
    const abort = new AbortController();
    const run = importRecords({ ...noIds, signal: abort.signal });
    await expect.poll(() => sim.counts.byPath[CONTACTS]).toBeDefined();
    abort.abort();
    await failure(run, 'ERR_INTERRUPTED');
    expect(arrivals(sim)).toEqual(once(3));
    expect(await importRecords(noIds)).toMatchObject({ accepted: 9, unresolved: 0 });
    expect(arrivals(sim)).toEqual(once(9));
    expect(existsSync(`${path}.unresolved.jsonl`)).toBe(false);
  });

  it('ends a wait for Retry-After', async () => {
    const { sim, noIds } = await importing({ count: 9 });
    sim.schedule({ match: CONTACTS, kind: '429', retryAfter: 30 });
    const abort = new AbortController();
    const run = importRecords({ ...noIds, signal: abort.signal });
    await expect.poll(() => sim.counts.rateLimited).toBe(1);
    abort.abort();
    await failure(run, 'ERR_INTERRUPTED');
    expect(sim.counts.rateLimited).toBe(1);
    // The first instance still waits before each request.
    const again = { ...noIds, api: attachedTo(sim) };
    expect(await importRecords(again)).toMatchObject({ accepted: 9, unresolved: 0 });
  });

  it('does nothing if the signal was aborted before the start', async () => {
    const { base, sim, directory } = await importing();
    await failure(importRecords({ ...base, signal: AbortSignal.abort() }), 'ERR_INTERRUPTED');
    expect(sim.counts.requests).toBe(0);
    expect(await readdir(directory)).toEqual(['in.jsonl']);
  });
});

describe('when options or files are invalid', () => {
  it('lists every invalid option in one error', async () => {
    const { base, path } = await importing();
    const wrong = { ...base, batchRecords: 0, concurrency: 0, retries: -1, rejects: path };
    const error = await importRecords(wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as ConfigurationError).problems).toHaveLength(4);
    expect(() => genesysContactList({ listId: '' })).toThrow('listId');
    expect(() => csvInput('a', { delimiter: '||', columns: ['a', 'a'] })).toThrow(/delimiter.*two columns/);
  });

  it('does not overwrite a rejects file of another program', async () => {
    const { base, path, sim } = await importing();
    await writeFile(`${path}.rejects.jsonl`, 'from another program\n');
    await failure(importRecords(base), 'ERR_OUTPUT_EXISTS');
    expect(sim.counts.requests).toBe(0);
    await rm(`${path}.rejects.jsonl`);
    expect(await importRecords(base)).toMatchObject({ accepted: 10 });
  });

  it('reports a missing directory before any request', async () => {
    const { base, directory, sim } = await importing();
    const rejects = join(directory, 'missing', 'rejects.jsonl');
    expect((await failure(importRecords({ ...base, rejects }), 'ERR_OUTPUT')).message).toContain(
      'does not exist',
    );
    expect(sim.counts.requests).toBe(0);
  });
});

it('ends soon if the API returns HTML, with every sent record in the unresolved file', async () => {
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>');
  });
  onTestFinished(() => server.close());
  const { noIds, path } = await importing({ count: 30 });
  const api = axios.create({ baseURL: server.url, proxy: false });
  await failure(importRecords({ ...noIds, api }), 'ERR_UNEXPECTED_ANSWER');
  expect((await readLines(`${path}.unresolved.jsonl`)).map(({ record }) => record)).toEqual(contacts(9));
});

it('leaves contacts unresolved if the response lists fewer than were sent', async () => {
  const server = await startServer((_, response) => sendJson(response, 200, [{ id: 'a' }]));
  onTestFinished(() => server.close());
  const { noIds } = await importing({ count: 2 });
  const api = axios.create({ baseURL: server.url, proxy: false });
  expect(await importRecords({ ...noIds, api })).toMatchObject({ accepted: 0, unresolved: 2 });
});

/** Sends requests until no scheduled fault is left. */
async function useUpFaults(sim: VendorSimulator): Promise<void> {
  const token = sim.issueToken();
  const headers = { Authorization: `Bearer ${token}` };
  for (let n = 0; n < 100; n++) {
    const { status } = await axios.post(`${sim.url}${CONTACTS}`, [], {
      headers,
      validateStatus: () => true,
      proxy: false,
    });
    if (status === 200) return;
  }
}
