import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ExportOptions, exportRecords, jsonLinesFile, type Progress } from '../../../src/batch/index.ts';
import type { CxoneContact } from '../../../src/batch/sources/completed-contacts-answer.ts';
import {
  type CxoneCompletedContactsOptions,
  cxoneCompletedContacts,
} from '../../../src/batch/sources/cxone-completed-contacts.ts';
import { niceCxone } from '../../../src/vendors/nice-cxone.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { sendJson, startServer } from '../../support/server.ts';
import { attached, startSimulator } from '../../support/simulated.ts';

const PATH = '/incontactapi/services/v30.0/contacts/completed';
const DATES = { startDate: '2023-10-01', endDate: '2023-10-08' };

async function output(api: AxiosInstance, source: Partial<CxoneCompletedContactsOptions> = {}) {
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const base = {
    api,
    source: cxoneCompletedContacts({ ...DATES, ...source }),
    sink: jsonLinesFile(path),
    checkpointInterval: 0,
  } satisfies ExportOptions<CxoneContact>;
  const records = async () =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { base, path, records };
}

async function simulated(records: number, pageDelay = 0) {
  const sim = await startSimulator({ records, pageDelay });
  const headers = { Authorization: `Bearer ${sim.issueToken('cxone')}` };
  const api = axios.create({ baseURL: sim.url, proxy: false, headers });
  const expected = Array.from({ length: records }, (_, n) => sim.completedContact(n));
  return { sim, api, expected };
}

interface Query {
  start: number;
  end: number;
  skip: number;
  top: number;
}

/** A server with one contact a second, which gives at most so many of a query; `answer` may give another answer. */
async function startContacts(
  count: number,
  {
    cap = 10_000,
    most = cap,
    answer,
  }: {
    /** How far it can be paged. */
    cap?: number;
    /** How many it gives at a time. */
    most?: number;
    answer?: (query: Query, url: string) => { status: number; body?: unknown } | undefined;
  } = {},
) {
  const first = Date.parse(DATES.startDate);
  const contacts = Array.from({ length: count }, (_, n) => ({ contactId: n + 1, at: first + n * 1000 }));
  const queries: Query[] = [];
  const server = await startServer(({ url }, response) => {
    const { searchParams, pathname } = new URL(url, 'http://localhost');
    const number = (name: string) => Number(searchParams.get(name));
    const date = (name: string) => Date.parse(searchParams.get(name) ?? '');
    const query = {
      start: date('startDate'),
      end: date('endDate'),
      skip: number('skip'),
      top: number('top'),
    };
    queries.push(query);
    const other = answer?.(query, `http://${server.url.slice(7)}${pathname}`);
    if (other)
      return other.body === undefined
        ? void response.writeHead(other.status).end()
        : sendJson(response, other.status, other.body);
    // Both ends included, so that windows have records in common.
    const found = contacts.filter(({ at }) => at >= query.start && at <= query.end);
    const end = Math.min(query.skip + Math.min(query.top, most), cap);
    const completedContacts = found.slice(query.skip, end);
    if (completedContacts.length === 0) return void response.writeHead(204).end();
    const next = end < Math.min(found.length, cap) && { next: `${server.url}${pathname}?skip=${end}` };
    sendJson(response, 200, { totalRecords: found.length, _links: { ...next }, completedContacts });
  });
  onTestFinished(() => server.close());
  return { api: axios.create({ baseURL: server.url, proxy: false }), url: server.url, contacts, queries };
}

function abortAt(records: number) {
  const abort = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.records >= records) abort.abort(new Error('enough'));
  };
  return { signal: abort.signal, onProgress };
}

describe('completed contacts', () => {
  test('are read page by page, several at a time, in the order of their start', async () => {
    const { sim, api, expected } = await simulated(950, 20);
    const { base, records } = await output(api, { pageSize: 100 });
    expect(await exportRecords(base)).toMatchObject({ records: 950, pages: 10, total: 950, repeated: 0 });
    expect(await records()).toEqual(expected);
    expect(sim.counts.apiRequests).toBe(10);
    expect(sim.counts.maxConcurrent).toBeGreaterThan(1);
  });

  test('are read through the plugin, where the token alone tells where the API is', async () => {
    const { sim, expected } = await simulated(95);
    const { url: issuer, clientId, clientSecret, accessKeyId, accessKeySecret } = sim;
    const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }));
    const { base, records } = await output(api, { pageSize: 20 });
    const onProgress = () => sim.revokeTokens();
    expect(await exportRecords({ ...base, onProgress })).toMatchObject({ records: 95 });
    expect(await records()).toEqual(expected);
  });

  test('that are none are an empty output', async () => {
    const { api } = await simulated(10);
    const { base, records } = await output(api, { startDate: '2023-09-01', endDate: '2023-09-02' });
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
    expect(await records()).toEqual([]);
  });

  test.each([0, 100, 300, 700])('go on after a cut behind %i records', async (cut) => {
    const { api, expected } = await simulated(750);
    const { base, records } = await output(api, { pageSize: 50, maxResults: 200 });
    await failure(exportRecords({ ...base, ...abortAt(cut) }), 'ERR_INTERRUPTED');
    await exportRecords(base);
    expect(await records()).toEqual(expected);
  });
});

describe('an API that gives only so many for one query', () => {
  test('is asked for shorter intervals, and each record is written once', async () => {
    const { api, contacts, queries } = await startContacts(2500, { cap: 200 });
    const { base, records } = await output(api, { pageSize: 100, maxResults: 200 });
    await exportRecords(base);
    expect(await records()).toEqual(contacts);
    expect(Math.max(...queries.map(({ skip }) => skip))).toBeLessThan(200);
    // 25 full pages, and what it costs to find the right lengths.
    expect(queries.length).toBeLessThan(80);
  });

  test('is an error where no interval is short enough', async () => {
    const { api } = await startContacts(10, {
      answer: ({ skip, top }) =>
        skip >= 20
          ? { status: 204 }
          : {
              status: 200,
              body: {
                totalRecords: 50,
                completedContacts: Array.from({ length: top }, (_, n) => ({ contactId: skip + n })),
              },
            },
    });
    const { base } = await output(api, { pageSize: 10, maxResults: 20, endDate: '2023-10-01T00:00:01Z' });
    const error = await failure(exportRecords(base), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain('there are 50 records, but ended after 20: 30 are missing');
  });

  test('or gives fewer at a time than it is asked for is followed all the same', async () => {
    const { api, contacts, queries } = await startContacts(95, { most: 10 });
    const { base, records } = await output(api, { pageSize: 50 });
    await exportRecords(base);
    expect(await records()).toEqual(contacts);
    expect(queries.length).toBeLessThan(12);
  });
});

describe('an answer', () => {
  const contact = (contactId: number) => ({ contactId });

  test('that ends before the total is an error, unless that is tolerated', async () => {
    const { api } = await startContacts(0, {
      answer: ({ skip }) =>
        skip > 0
          ? { status: 204 }
          : {
              status: 200,
              body: { totalRecords: 10, completedContacts: [1, 2, 3, 4, 5, 6, 7, 8, 9].map(contact) },
            },
    });
    const { base, records } = await output(api, { pageSize: 9 });
    const error = await failure(exportRecords(base), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain('there are 10 records, but ended after 9');
    expect(await records()).toHaveLength(9);
    const tolerant = await output(api, { pageSize: 9, totalTolerance: 0.1 });
    expect(await exportRecords(tolerant.base)).toMatchObject({ records: 9 });
  });

  test('whose total is too low is followed by its links', async () => {
    const { api } = await startContacts(0, {
      answer: ({ skip }, url) => ({
        status: 200,
        body: {
          totalRecords: 2,
          ...(skip < 6 && { _links: { next: `${url}?skip=${skip + 2}` } }),
          completedContacts: [contact(skip), contact(skip + 1)],
        },
      }),
    });
    const { base } = await output(api, { pageSize: 2 });
    expect(await exportRecords(base)).toMatchObject({ records: 8 });
  });

  test.each([
    ['without the list', { totalRecords: 1 }, 'it has no completedContacts, but totalRecords'],
    ['that is HTML', '<html>', 'answered 200 with HTML'],
    ['with a record that has no id', { totalRecords: 1, completedContacts: [{}] }, 'without a contactId'],
    [
      'that leads to another host',
      {
        totalRecords: 2,
        completedContacts: [contact(1)],
        _links: { next: `http://127.0.0.2${PATH}?skip=1` },
      },
      'names a next page on http://127.0.0.2',
    ],
    [
      'that leads to another page',
      { totalRecords: 2, completedContacts: [contact(1)], _links: { next: `${PATH}?skip=5` } },
      'leads on to skip=5',
    ],
    [
      'that leads on in an unknown way',
      { totalRecords: 2, completedContacts: [contact(1)], _links: { next: `${PATH}?cursor=x` } },
      'a page without skip',
    ],
  ])('%s is an error, never the end', async (_, body, message) => {
    const { api } = await startContacts(0, { answer: () => ({ status: 200, body }) });
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });

  test('that refuses says why, also in a header alone', async () => {
    const server = await startServer((_, response) => {
      response.writeHead(400, { icStatusDescription: 'startDate is too old' }).end();
    });
    onTestFinished(() => server.close());
    // An instance that resolves every status must not have it taken for an answer.
    const { base } = await output(
      axios.create({ baseURL: server.url, proxy: false, validateStatus: () => true }),
    );
    const error = await failure(exportRecords(base), 'ERR_REQUEST');
    expect(error.message).toContain(`GET ${PATH} was answered with 400 "startDate is too old"`);
  });
});

test('says everything that is wrong with its options', () => {
  const clock = createManualClock(Date.parse('2023-10-05T00:00Z'));
  const make = (options: Partial<CxoneCompletedContactsOptions>) => () =>
    cxoneCompletedContacts({ ...DATES, clock, ...options });
  expect(make({})).toThrow('endDate (2023-10-08) is in the future');
  expect(make({ endDate: '2023-09-08' })).toThrow(
    'endDate (2023-09-08) must be after startDate (2023-10-01)',
  );
  expect(
    make({ startDate: 'x', version: '30', pageSize: 1.5, params: { skip: 1 }, totalTolerance: 2 }),
  ).toThrow(
    /startDate must be(.|\n)*version must be(.|\n)*pageSize must be(.|\n)*params.skip is set(.|\n)*totalTolerance must be/,
  );
  expect(() => cxoneCompletedContacts(undefined as never)).toThrow('startDate must be');
});
