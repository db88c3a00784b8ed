import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ImportOptions,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  type RecordResult,
} from '../../../src/batch/index.ts';
import { ConfigurationError } from '../../../src/core/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { readLines } from '../../support/imports.ts';
import { sendJson, startServer } from '../../support/server.ts';

interface Row {
  id?: string;
  n: number;
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

/** Starts an API that answers with a function, and returns how to import rows into it. */
async function importingInto(answer: (rows: Row[], request: number) => Answer) {
  const requests: Row[][] = [];
  const server = await startServer((request, response) => {
    const rows: Row[] = JSON.parse(request.body.toString());
    requests.push(rows);
    const { status, body = {}, headers } = answer(rows, requests.length);
    sendJson(response, status, body, headers);
  });
  onTestFinished(() => server.close());
  const path = join(await temporaryDirectory(), 'in.jsonl');
  const target: ImportTarget = {
    name: 'own',
    query: {},
    maxRecords: 10,
    idOf: (record) => (record as Row).id,
    request: (records) => ({ method: 'POST', url: '/rows', data: records }),
    results: ({ data }, records) => data.results ?? records.map(() => ({ outcome: 'accepted' })),
  };
  const run = async (rows: readonly Row[], options: Partial<ImportOptions> = {}) => {
    await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return importRecords({
      api: axios.create({ baseURL: server.url, proxy: false }),
      input: jsonLinesInput(path),
      target,
      maxRejects: Number.POSITIVE_INFINITY,
      maxOutage: 0,
      clock: createFastClock(300),
      ...options,
    });
  };
  const rejects = async () => (await readLines(`${path}.rejects.jsonl`)).map(({ rejected }) => rejected);
  return { requests, target, run, rejects };
}

const rows = (count: number): Row[] => Array.from({ length: count }, (_, n) => ({ id: `r${n}`, n }));
const withoutIds = (count: number): Row[] => rows(count).map(({ n }) => ({ n }));

describe('a batch that the API refuses as a whole', () => {
  it.each([400, 409, 412, 413, 422, 423])('finds the record that the API refuses with %i', async (status) => {
    const { run, rejects } = await importingInto((sent) =>
      sent.some(({ n }) => n === 4) ? { status, body: { message: 'r4 exists' } } : { status: 200 },
    );
    for (const input of [rows(10), withoutIds(10)])
      expect(await run(input, { restart: true })).toMatchObject({ accepted: 9, rejected: 1 });
    expect(await rejects()).toMatchObject([{ status, reason: 'r4 exists', line: 5 }]);
  });

  it.each([409, 423])('waits after %i with Retry-After, and sends the batch again', async (status) => {
    const clock = createFastClock(300);
    const began = clock.now();
    const { run, requests } = await importingInto((_, request) =>
      request < 3 ? { status, headers: { 'retry-after': '20' } } : { status: 200 },
    );
    expect(await run(withoutIds(3), { clock })).toMatchObject({ accepted: 3, requests: 3 });
    expect(requests.map((sent) => sent.length)).toEqual([3, 3, 3]);
    expect(clock.now() - began).toBeGreaterThanOrEqual(40_000);
  });

  it('stops if the API asks to wait for ever, and resumes', async () => {
    let isBusy = true;
    const { run, requests } = await importingInto(() =>
      isBusy ? { status: 409, headers: { 'retry-after': '1' } } : { status: 200 },
    );
    const error = await failure(run(withoutIds(3), { retries: 2 }), 'ERR_REQUEST');
    expect(error).toMatchObject({ resumable: true, permanent: false });
    expect(requests).toHaveLength(3);
    isBusy = false;
    expect(await run(withoutIds(3))).toMatchObject({ accepted: 3, rejected: 0, unresolved: 0 });
  });

  it('does not reject a record with 409 if a lost request may have stored it', async () => {
    const { run } = await importingInto((_, request) => ({ status: [500, 409, 200][request - 1] ?? 200 }));
    expect(await run(rows(1))).toMatchObject({ accepted: 1, rejected: 0 });
  });
});

describe('records that the API refuses for a temporary reason', () => {
  const busy = (status = 503): RecordResult => ({ outcome: 'again', reason: 'busy', status });
  const ok: RecordResult = { outcome: 'accepted' };
  const only = (n: number, times: number) => (sent: Row[], request: number) => ({
    status: 200,
    body: { results: sent.map((row) => (row.n === n && request <= times ? busy() : ok)) },
  });

  it.each([rows, withoutIds])('are sent again as often as retries allows', async (records) => {
    const { run, requests } = await importingInto(only(1, 6));
    expect(await run(records(3), { retries: 6 })).toMatchObject({ accepted: 3, requests: 7 });
    expect(requests[6]).toMatchObject([{ n: 1 }]);
  });

  it('are sent again as long as maxOutage allows', async () => {
    const { run, requests } = await importingInto(only(1, 8));
    expect(await run(rows(3), { retries: 1, maxOutage: 900_000 })).toMatchObject({ accepted: 3 });
    expect(requests).toHaveLength(9);
  });

  it('are rejected after that if the API accepts others', async () => {
    const clock = createFastClock(300);
    const began = clock.now();
    const { run, rejects } = await importingInto(only(1, Number.POSITIVE_INFINITY));
    expect(await run(rows(3), { clock, maxOutage: 300_000 })).toMatchObject({ accepted: 2, rejected: 1 });
    expect(clock.now() - began).toBeGreaterThanOrEqual(300_000);
    expect(await rejects()).toMatchObject([
      { status: 503, reason: expect.stringMatching(/^busy \(temporary/) },
    ]);
  });

  it.each([
    [503, 'ERR_REQUEST'],
    [429, 'ERR_THROTTLED'],
  ] as const)('stop the import after that if no record has another result: %i', async (status, code) => {
    let isBusy = true;
    const { run } = await importingInto((sent) => ({
      status: 200,
      body: { results: sent.map(() => (isBusy ? busy(status) : ok)) },
    }));
    const error = await failure(run(withoutIds(3), { maxOutage: 60_000 }), code);
    expect(error).toMatchObject({ resumable: true, permanent: false });
    isBusy = false;
    expect(await run(withoutIds(3))).toMatchObject({ accepted: 3, rejected: 0, unresolved: 0 });
  });
});

it('writes a record whose result stays unknown to the unresolved file, if the API accepts others', async () => {
  const { run } = await importingInto((sent) => ({
    status: 200,
    body: {
      results: sent.map(({ n }) =>
        n === 1 ? { outcome: 'unknown', reason: 'null' } : { outcome: 'accepted' },
      ),
    },
  }));
  expect(await run(rows(3))).toMatchObject({ accepted: 2, unresolved: 1 });
});

describe('records with one id', () => {
  it.each([1, 3])('are sent in order, in different requests, with concurrency %i', async (concurrency) => {
    const { run, requests } = await importingInto((_, request) => ({ status: request === 1 ? 500 : 200 }));
    const input = ['a', 'b', 'a', 'a', 'c', 'b'].map((id, n) => ({ id, n }));
    expect(await run(input, { concurrency })).toMatchObject({ accepted: 6 });
    for (const sent of requests) expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
    for (const id of 'abc') {
      const order = requests.flat().filter((row) => row.id === id);
      expect(order.map(({ n }) => n)).toEqual(order.map(({ n }) => n).sort());
    }
  });
});

describe('a target that breaks its contract', () => {
  const promise = 'a promise: the function must not be async';
  const accepted = { outcome: 'accepted' };
  it.each<[string, object, string]>([
    ['another outcome', { results: () => [{ outcome: 'ok' }] }, 'the outcome "ok"'],
    ['null', { results: () => [null] }, 'a list with null'],
    ['words', { results: () => ['accepted'] }, 'a list with "accepted"'],
    ['nothing', { results: () => undefined }, 'undefined'],
    ['an object', { results: () => accepted }, 'an object'],
    ['too few results', { results: () => [] }, '0 results for 1 records'],
    ['too many results', { results: () => [accepted, accepted] }, '2 results for 1 records'],
    ['a promise of results', { results: async () => [accepted] }, promise],
    ['a problem that is a number', { problem: () => 7 }, 'a number'],
    ['a problem that is null', { problem: () => null }, 'null'],
    ['a promise of a problem', { problem: async () => undefined }, promise],
    ['an id that is a number', { idOf: () => 7 }, 'a number'],
    ['a promise of an id', { idOf: async () => 'a' }, promise],
    ['a request that is no object', { request: () => '/rows' }, '"/rows"'],
    ['a promise of a request', { request: async () => ({ url: '/rows' }) }, promise],
    ['maxRecords 0', { maxRecords: 0 }, '0'],
    ['maxRecords 1.5', { maxRecords: 1.5 }, '1.5'],
    ['maxRecords as text', { maxRecords: '5' }, '"5"'],
    ['no results', { results: undefined }, 'undefined'],
  ])('ends the import with a ConfigurationError, and records nothing: %s', async (_, wrong, found) => {
    const { run, rejects, target } = await importingInto(() => ({ status: 200 }));
    const error = await run(rows(1), { target: { ...target, ...wrong } as ImportTarget }).catch((e) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(`, not ${found}`);
    expect(error.message).toMatch(/target/);
    if ('results' in wrong && wrong.results)
      expect(error.message).toMatch(/"own".*'accepted', 'refused', 'again' or 'unknown'/);
    expect(await rejects()).toEqual([]);
    expect(await run(rows(1))).toMatchObject({ accepted: 1, rejected: 0, unresolved: 0 });
  });

  it.each([
    ['another verdict', ['maybe'], 'the verdict "maybe"'],
    ['no list', 'present', '"present"'],
    ['too few verdicts', [], '0 verdicts for 1 records'],
  ])('ends the import with a ConfigurationError: check returns %s', async (_, verdicts, found) => {
    const { run, target } = await importingInto((_, request) => ({ status: request === 1 ? 500 : 200 }));
    const withCheck = (all: unknown) =>
      ({ target: { ...target, check: async () => all } }) as unknown as Partial<ImportOptions>;
    const error = await run(withoutIds(1), withCheck(verdicts)).catch((e) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(`'present', 'absent' or 'unknown', not ${found}`);
    expect(await run(withoutIds(1), withCheck(['present']))).toMatchObject({ accepted: 1 });
  });
});
