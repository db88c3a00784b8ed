import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import axios from 'axios';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  genesysContactList,
  genesysExternalContacts,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  type RecordResult,
  requestTarget,
} from '../../../src/batch/index.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { readLines, untilComplete } from '../../support/imports.ts';
import { startServer, type TestServer } from '../../support/server.ts';

interface Row {
  id?: string;
  n: number;
}

const custom: ImportTarget = {
  name: 'custom',
  query: {},
  maxRecords: 10,
  idOf: (record) => (record as Row).id,
  request: (records) => ({ method: 'POST', url: '/custom', data: records }),
  results({ data }, records) {
    const all: (Record<string, unknown> | null)[] = Array.isArray(data?.results) ? data.results : [];
    return records.map((record): RecordResult => {
      const [result, ...others] = all.filter((one) => one?.id === (record as Row).id);
      if (!result || others.length > 0) return { outcome: 'unknown', reason: 'no result' };
      if (result.success === true) return { outcome: 'accepted' };
      return { outcome: result.status === 503 ? 'again' : 'refused', reason: 'refused' };
    });
  },
};
const batch = { url: '/any', maxRecords: 10, recordsAt: 'inputs', resultsAt: 'results', idField: 'id' };

/** The targets. `sendsIds`: the rows have ids. `knowsIds`: the API recognizes a row by its id. */
const TARGETS = {
  'contact list with ids': [genesysContactList({ listId: 'L', idField: 'id' }), true, true],
  'contact list without ids': [genesysContactList({ listId: 'L' }), false, false],
  'external contacts with ids': [genesysExternalContacts({ keepsIds: true }), true, true],
  'external contacts whose ids count for nothing': [genesysExternalContacts(), true, false],
  'external contacts without ids': [genesysExternalContacts(), false, false],
  'any API, by id': [
    requestTarget({
      ...batch,
      resultId: 'id',
      resultSuccess: 'success',
      resultStatus: 'status',
      idempotent: true,
    }),
    true,
    true,
  ],
  'any API, by position': [
    requestTarget({ ...batch, resultSuccess: 'success', resultStatus: 'status', idempotent: true }),
    true,
    true,
  ],
  'a target of the user': [custom, true, true],
} satisfies Record<string, [ImportTarget, sendsIds: boolean, knowsIds: boolean]>;
type TargetName = keyof typeof TARGETS;

/** What the API answers in place of its results, after it has executed nothing. */
const REFUSALS = [
  '400',
  '409',
  '409 later',
  '413',
  '422',
  '423 later',
  '429',
  '503',
  '500',
  'reset',
] as const;
/** How the API loses its answer after it has executed the request. */
const LOSSES = ['reset', 'hang', 'broken', 'html', '500', '504', 'empty'] as const;
/** How the results differ from what the API has done. */
const LIES = ['reversed', 'short', 'long', 'null', 'duplicate', 'foreign'] as const;

const fault = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('refusal' as const), how: fc.constantFrom(...REFUSALS) }),
  fc.record({ kind: fc.constant('loss' as const), how: fc.constantFrom(...LOSSES) }),
  fc.record({
    kind: fc.constant('results' as const),
    lie: fc.option(fc.constantFrom(...LIES), { nil: undefined, freq: 2 }),
    at: fc.nat(9),
    /** What the API does with each row of the request. */
    rows: fc.array(fc.constantFrom('ok', 'ok', 'ok', 'refuse', 'again'), { minLength: 10, maxLength: 10 }),
  }),
);
type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never;

const plan = fc.record({
  name: fc.constantFrom(...(Object.keys(TARGETS) as TargetName[])),
  /** The ids of the rows; equal ids are versions of one record. */
  ids: fc.array(fc.nat(9), { minLength: 1, maxLength: 14 }),
  batchRecords: fc.integer({ min: 1, max: 6 }),
  concurrency: fc.constantFrom(1, 1, 2, 3),
  retries: fc.integer({ min: 0, max: 4 }),
  faults: fc.array(fault, { maxLength: 14 }),
  /** The requests at which the run is interrupted. */
  kills: fc.array(fc.nat(14), { maxLength: 3 }),
});

class LyingImportApi {
  /** The versions of each row that the API has stored, by id or by a new id. */
  readonly stored = new Map<string, number[]>();
  requests = 0;
  onRequest: (number: number) => void = () => {};
  readonly #faults: readonly Fault[];
  readonly #knowsIds: boolean;

  constructor(faults: readonly Fault[], knowsIds: boolean) {
    this.#faults = faults;
    this.#knowsIds = knowsIds;
  }

  answer(body: unknown, response: ServerResponse): void {
    const number = this.requests++;
    this.onRequest(number);
    const { entities, inputs } = Object(body) as { entities?: Row[]; inputs?: Row[] };
    const given = (Array.isArray(body) ? body : (entities ?? inputs)) as (Row & { data?: Row })[];
    const rows = given.map(({ data, ...row }): Row => data ?? row);
    const current: Fault = this.#faults[number] ?? { kind: 'none' };
    const send = (status: number, data: unknown, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(typeof data === 'string' ? data : JSON.stringify(data));
    if (current.kind === 'refusal') {
      if (current.how === 'reset') return void response.destroy();
      const [status, later] = current.how.split(' ');
      return void send(Number(status), { message: 'no' }, later ? { 'retry-after': '0' } : {});
    }
    const does = rows.map((_, index) => (current.kind === 'results' ? (current.rows[index] ?? 'ok') : 'ok'));
    const ids = rows.map((row, index) => (does[index] === 'ok' ? this.#store(row) : row.id));
    const honest = rows.map((row, index) => this.#entry(body, row, does[index] as string, ids[index]));
    const shape = (list: unknown[]) => (Array.isArray(body) && !this.isCustom ? list : { results: list });
    if (current.kind === 'loss') {
      if (current.how === 'reset') return void response.destroy();
      if (current.how === 'hang') return;
      if (current.how === 'broken') return void send(200, JSON.stringify(shape(honest)).slice(0, -3));
      if (current.how === 'html')
        return void send(200, '<html>Sign in</html>', { 'content-type': 'text/html' });
      return void send(
        current.how === 'empty' ? 200 : Number(current.how),
        current.how === 'empty' ? '' : {},
      );
    }
    // Without ids, no client can find out that results have another order, if they differ.
    const isVisible = rows.every(({ id }) => id !== undefined) || new Set(does).size === 1;
    const lie = current.kind === 'results' && isVisible ? current.lie : undefined;
    // A new id for the only row is what an API returns that assigns ids.
    const isNew = lie === 'foreign' && rows.length === 1;
    send(200, shape(current.kind === 'results' && !isNew ? lieAbout(honest, lie, current.at) : honest));
  }

  isCustom = false;

  #store({ id, n }: Row): string {
    const key = (this.#knowsIds && id) || randomUUID();
    this.stored.set(key, [...(this.stored.get(key) ?? []), n]);
    return id ?? key;
  }

  #entry(body: unknown, row: Row, does: string, id: string | undefined): unknown {
    if (Array.isArray(body) && !this.isCustom) {
      if (does === 'ok') return { ...row, id };
      return {
        status: does === 'again' ? 503 : 400,
        code: 'x',
        message: 'no',
        ...(id !== undefined && { id }),
      };
    }
    const own = id === undefined ? {} : { id };
    if (does === 'ok') return { ...own, success: true, status: 201 };
    const again = does === 'again';
    return { ...own, success: false, status: again ? 503 : 400, error: { message: 'no', retryable: again } };
  }
}

function lieAbout(honest: readonly unknown[], lie: (typeof LIES)[number] | undefined, at: number): unknown[] {
  const index = at % honest.length;
  const other = (index + 1) % honest.length;
  switch (lie) {
    case 'reversed':
      return honest.toReversed();
    case 'short':
      return honest.toSpliced(index, 1);
    case 'long':
      return [...honest, honest[index]];
    case 'null':
      return honest.with(index, null);
    case 'duplicate':
      return honest.with(index, honest[other]);
    case 'foreign':
      return honest.with(index, { id: 'of-nobody', success: true, status: 201 });
    default:
      return [...honest];
  }
}

const apis = new Map<string, LyingImportApi>();
let server: TestServer;
beforeAll(async () => {
  server = await startServer(({ headers, body }, response) => {
    apis.get(String(headers['x-run']))?.answer(JSON.parse(body.toString()), response);
  });
});
afterAll(() => server.close());

const RUNS = Number(process.env.LYING_IMPORT_RUNS ?? 150);

it('never accepts, loses or doubles a record, whatever the API answers and whenever the run is interrupted', async () => {
  const directory = await temporaryDirectory();
  await fc.assert(
    fc.asyncProperty(plan, async ({ name, ids, faults, kills, ...sizes }) => {
      const [target, sendsIds, knowsIds] = TARGETS[name];
      const api = new LyingImportApi(faults, knowsIds);
      api.isCustom = target === custom;
      const run = randomUUID();
      apis.set(run, api);
      const path = join(directory, `${run}.jsonl`);
      const rows = ids.map((id, n): Row => ({ n, ...(sendsIds && { id: knowsIds ? `k${id}` : `k${n}` }) }));
      await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      const options = {
        api: axios.create({ baseURL: server.url, proxy: false, headers: { 'x-run': run }, timeout: 80 }),
        input: jsonLinesInput(path),
        target,
        baseDelay: 0,
        maxOutage: 0,
        maxRejects: Number.POSITIVE_INFINITY,
        ...sizes,
      };
      for (const kill of kills) {
        const abort = new AbortController();
        const last = api.requests + kill;
        api.onRequest = (number) => number === last && abort.abort();
        await importRecords({ ...options, signal: abort.signal }).catch(() => {});
      }
      api.onRequest = () => {};
      const summary = await untilComplete(options);
      apis.delete(run);

      const listed = async (list: string) =>
        (await readLines(`${path}.${list}.jsonl`)).map(({ record }) => (record as Row).n);
      const [rejected, unresolved] = [await listed('rejects'), await listed('unresolved')];
      const others = [...rejected, ...unresolved];
      expect(new Set(others).size).toBe(others.length);
      expect(summary).toMatchObject({
        records: rows.length,
        accepted: rows.length - others.length,
        rejected: rejected.length,
        unresolved: unresolved.length,
      });
      const accepted = rows.filter(({ n }) => !others.includes(n));
      const arrived = [...api.stored.values()].flat();
      for (const { n, id = '' } of accepted) {
        expect(arrived, `row ${n}`).toContain(n);
        // A later version of the record is there, if not this one.
        if (knowsIds) expect(api.stored.get(id)?.at(-1), `version of ${id}`).toBeGreaterThanOrEqual(n);
      }
      if (!knowsIds) expect(new Set(arrived).size).toBe(arrived.length);
    }),
    { numRuns: RUNS },
  );
}, 600_000);
