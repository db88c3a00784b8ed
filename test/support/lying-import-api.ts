import type { ServerResponse } from 'node:http';
import type { AxiosInstance } from 'axios';
import axios from 'axios';
import {
  genesysContactList,
  genesysExternalContacts,
  type ImportTarget,
  requestTarget,
} from '../../src/batch/index.ts';
import { type SeenRequest, sendJson, startServer } from './server.ts';

/** How the API answers one request. */
export const LIES = [
  'honest',
  'reordered',
  'short',
  'long',
  'null',
  'null, stored',
  'duplicate',
  'error in place',
  'again',
  'conflict',
  'conflict, asks to wait',
  'too large',
  'throttled',
  'unavailable',
  'lost',
  'reset',
  'broken JSON',
  'HTML',
] as const;

export type ImportLie = (typeof LIES)[number];

/** A record of a test. The API refuses records with `isBad`. */
export interface LyingRecord {
  n: number;
  id?: string;
  isBad?: true;
}

/** Target names, with whether the records of the target have ids. */
export const TARGETS = {
  'contact list with ids': { hasIds: true, target: () => genesysContactList({ listId: 'l', idField: 'id' }) },
  'contact list without ids': { hasIds: false, target: () => genesysContactList({ listId: 'l' }) },
  'external contacts with ids': { hasIds: true, target: () => genesysExternalContacts({ keepsIds: true }) },
  'external contacts without ids': { hasIds: false, target: () => genesysExternalContacts() },
  'batches with ids': {
    hasIds: true,
    target: () =>
      requestTarget({
        url: '/batches',
        maxRecords: 10,
        recordsAt: 'records',
        resultsAt: 'results',
        resultId: 'id',
        idField: 'id',
        idempotent: true,
      }),
  },
  'batches without ids': {
    hasIds: false,
    target: () =>
      requestTarget({ url: '/batches', maxRecords: 10, recordsAt: 'records', resultsAt: 'results' }),
  },
} satisfies Record<string, { hasIds: boolean; target: () => ImportTarget }>;

export type LyingTarget = keyof typeof TARGETS;

/** What the API of one test has received. */
export interface Held {
  /** The last `n` of each id. */
  readonly byId: Map<string, number>;
  /** How often each record was executed, by its `n`. */
  readonly times: Map<number, number>;
  readonly requests: number;
}

interface LyingImportApi {
  /** Starts a test with the answers of its first requests; later answers are honest. */
  begin(lies: readonly ImportLie[]): { api: AxiosInstance; held: Held };
  close(): Promise<void>;
}

/** Starts an API that stores records and lies about it. */
export async function startLyingImportApi(): Promise<LyingImportApi> {
  let lies: ImportLie[] = [];
  let held = { byId: new Map<string, number>(), times: new Map<number, number>(), requests: 0 };
  const server = await startServer((request, response) => {
    held.requests++;
    answer(request, response, lies.shift() ?? 'honest', held);
  });
  return {
    begin(next) {
      lies = [...next];
      held = { byId: new Map(), times: new Map(), requests: 0 };
      return { api: axios.create({ baseURL: server.url }), held };
    },
    close: server.close,
  };
}

/** A result for each record, in the form of the API of the target. */
interface Form {
  records: readonly LyingRecord[];
  /** Whether one bad record makes the API refuse the whole request. */
  isAllOrNone: boolean;
  good(record: LyingRecord): object;
  bad: object;
  again: object;
  body(results: readonly unknown[]): unknown;
}

function formOf({ url, body }: SeenRequest): Form {
  const sent = JSON.parse(body.toString());
  if (url.startsWith('/api/v2/outbound')) {
    return {
      records: sent.map(({ data }: { data: LyingRecord }) => data),
      isAllOrNone: true,
      good: (record) => ({ id: record.id ?? `made-${record.n}`, data: record }),
      bad: { status: 400, code: 'bad.request', message: 'bad record' },
      again: { status: 429, code: 'too.many', message: 'later' },
      body: (results) => results,
    };
  }
  if (url.startsWith('/api/v2/externalcontacts')) {
    return {
      records: sent.entities,
      isAllOrNone: false,
      good: ({ id, n }) => ({ success: true, status: 200, id: id ?? `made-${n}` }),
      bad: { success: false, status: 400, error: { message: 'bad record' } },
      again: { success: false, status: 409, error: { message: 'later', retryable: true } },
      body: (results) => ({ results }),
    };
  }
  return {
    records: sent.records,
    isAllOrNone: false,
    good: ({ id }) => ({ id }),
    bad: { error: 'bad record' },
    again: { error: { message: 'later', retryable: true } },
    body: (results) => ({ results }),
  };
}

function answer(request: SeenRequest, response: ServerResponse, lie: ImportLie, held: Held): unknown {
  const form = formOf(request);
  const refuse = (status: number, headers = {}) =>
    sendJson(response, status, { message: `refused with ${status}` }, headers);
  switch (lie) {
    case 'conflict':
      return refuse(409);
    case 'conflict, asks to wait':
      return refuse(409, { 'retry-after': '0' });
    case 'too large':
      return refuse(413);
    case 'throttled':
      return refuse(429, { 'retry-after': '0' });
    case 'unavailable':
      return refuse(503);
    case 'reset':
      return response.destroy();
  }
  const { records } = form;
  if (form.isAllOrNone && records.some(({ isBad }) => isBad)) return refuse(400);
  const first = records.findIndex(({ isBad }) => !isBad);
  // The API does not execute a record if it says `again`, or an error without having stored the record.
  const skipped = ['again', 'error in place', 'null'].includes(lie) ? first : -1;
  const results: unknown[] = records.map((record, index) => {
    if (record.isBad) return { ...form.bad, ...(form.isAllOrNone ? {} : { id: record.id }) };
    if (index === skipped)
      return lie === 'null' ? null : lie === 'again' ? { ...form.again, id: record.id } : form.bad;
    execute(record, held);
    return form.good(record);
  });
  if (lie === 'lost') return response.destroy();
  if (lie === 'HTML') return response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
  if (lie === 'broken JSON')
    return response.writeHead(200, { 'content-type': 'application/json' }).end('[{"id":');
  return sendJson(response, 200, form.body(shown(results, lie, records)));
}

/** Changes the results of records that the API has executed. */
function shown(results: unknown[], lie: ImportLie, records: readonly LyingRecord[]): unknown[] {
  // Without ids, nothing tells another order.
  if (lie === 'reordered' && records.every(({ id }) => id !== undefined)) return results.toReversed();
  if (lie === 'short') return results.slice(0, -1);
  if (lie === 'long') return [...results, results[0]];
  if (lie === 'null, stored') return [null, ...results.slice(1)];
  if (lie === 'duplicate' && records.every(({ id }) => id !== undefined))
    return [results[0], ...results.slice(0, -1)];
  return results;
}

function execute({ n, id }: LyingRecord, { byId, times }: Held): void {
  times.set(n, (times.get(n) ?? 0) + 1);
  if (id !== undefined) byId.set(id, n);
}
