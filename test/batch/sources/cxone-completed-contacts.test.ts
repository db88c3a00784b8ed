import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ExportOptions, exportRecords, jsonLinesFile, type Progress } from '../../../src/batch/index.ts';
import type { CxoneContact } from '../../../src/batch/sources/completed-contacts-answer.ts';
import {
  type CxoneCompletedContactsOptions,
  cxoneCompletedContacts,
} from '../../../src/batch/sources/cxone-completed-contacts.ts';
import { niceCxone } from '../../../src/vendors/nice-cxone.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { meetingOf } from '../../support/meeting.ts';
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

/** Starts a server with one contact per second. `answer` can replace its response. */
async function startContacts(
  count: number,
  {
    cap = 10_000,
    most = cap,
    answer,
  }: {
    /** How many contacts the server returns for one query. */
    cap?: number;
    /** How many contacts the server returns per page. */
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
    // Both ends are inclusive, so that adjacent windows share records.
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

describe('cxoneCompletedContacts', () => {
  it('reads several pages in parallel, and writes the contacts in the order of their start', async () => {
    const { sim, api, expected } = await simulated(950);
    // After the first page, each request waits for another one, so a single request at a time would wait forever.
    const meeting = meetingOf(2);
    let requests = 0;
    api.interceptors.request.use(async (config) => {
      requests++;
      if (requests > 1 && requests <= 3) await meeting();
      return config;
    });
    const { base, records } = await output(api, { pageSize: 100 });
    expect(await exportRecords(base)).toMatchObject({ records: 950, pages: 10, total: 950, repeated: 0 });
    expect(await records()).toEqual(expected);
    expect(sim.counts.apiRequests).toBe(10);
  });

  it('reads with the plugin if only the token names the host of the API', async () => {
    const { sim, expected } = await simulated(95);
    const { url: issuer, clientId, clientSecret, accessKeyId, accessKeySecret } = sim;
    const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }));
    const { base, records } = await output(api, { pageSize: 20 });
    const onProgress = () => sim.revokeTokens();
    expect(await exportRecords({ ...base, onProgress })).toMatchObject({ records: 95 });
    expect(await records()).toEqual(expected);
  });

  it('creates an empty output if there are no contacts', async () => {
    const { api } = await simulated(10);
    const { base, records } = await output(api, { startDate: '2023-09-01', endDate: '2023-09-02' });
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
    expect(await records()).toEqual([]);
  });

  it.each([0, 100, 300, 700])('resumes after %i records', async (cut) => {
    const { api, expected } = await simulated(750);
    const { base, records } = await output(api, { pageSize: 50, maxResults: 200 });
    await failure(exportRecords({ ...base, ...abortAt(cut) }), 'ERR_INTERRUPTED');
    await exportRecords(base);
    expect(await records()).toEqual(expected);
  });
});

describe('when the API limits the records of a query', () => {
  it('requests shorter intervals, and writes each record once', async () => {
    const { api, contacts, queries } = await startContacts(2500, { cap: 200 });
    const { base, records } = await output(api, { pageSize: 100, maxResults: 200 });
    await exportRecords(base);
    expect(await records()).toEqual(contacts);
    expect(Math.max(...queries.map(({ skip }) => skip))).toBeLessThan(200);
    // 25 full pages, plus the requests to find suitable windows.
    expect(queries.length).toBeLessThan(80);
  });

  it('fails if no interval is short enough', async () => {
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
    expect(error.message).toContain('stated 50 records, but returned 20 different ones: 30 are missing');
  });

  it('reads all records if the API returns fewer per page than requested', async () => {
    const { api, contacts, queries } = await startContacts(95, { most: 10 });
    const { base, records } = await output(api, { pageSize: 50 });
    await exportRecords(base);
    expect(await records()).toEqual(contacts);
    expect(queries.length).toBeLessThan(12);
  });
});

describe('when a response is incomplete or invalid', () => {
  const contact = (contactId: number) => ({ contactId });

  it('fails if the API ends before the total, unless totalTolerance allows it', async () => {
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
    expect(error.message).toContain('stated 10 records, but returned 9 different ones');
    expect(await records()).toHaveLength(9);
    const tolerant = await output(api, { pageSize: 9, totalTolerance: 0.1 });
    expect(await exportRecords(tolerant.base)).toMatchObject({ records: 9 });
  });

  it('follows the links of a response whose total is too low', async () => {
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

  it.each([
    ['a response without the list', { totalRecords: 1 }, 'without completedContacts. It has totalRecords'],
    ['HTML', '<html>', 'returned 200 with HTML'],
    ['a record without an id', { totalRecords: 1, completedContacts: [{}] }, 'without a contactId'],
    [
      'a link to another host',
      {
        totalRecords: 2,
        completedContacts: [contact(1)],
        _links: { next: `http://127.0.0.2${PATH}?skip=1` },
      },
      'names a next page on http://127.0.0.2',
    ],
    [
      'a link to a page that is not the next one',
      { totalRecords: 2, completedContacts: [contact(1)], _links: { next: `${PATH}?skip=5` } },
      'links to skip=5',
    ],
    [
      'a link without skip',
      { totalRecords: 2, completedContacts: [contact(1)], _links: { next: `${PATH}?cursor=x` } },
      'a page without skip',
    ],
  ])('fails for %s', async (_, body, message) => {
    const { api } = await startContacts(0, { answer: () => ({ status: 200, body }) });
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });

  it('includes the reason of a refusal, also if only a header states the reason', async () => {
    const server = await startServer((_, response) => {
      response.writeHead(400, { icStatusDescription: 'startDate is too old' }).end();
    });
    onTestFinished(() => server.close());
    // The instance resolves every status, but a 400 must still be an error.
    const { base } = await output(
      axios.create({ baseURL: server.url, proxy: false, validateStatus: () => true }),
    );
    const error = await failure(exportRecords(base), 'ERR_REQUEST');
    expect(error.message).toContain(`GET ${PATH} returned 400 "startDate is too old"`);
  });
});

it('cxoneCompletedContacts lists all invalid options in one error', () => {
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

it('keeps secrets of params out of the query of the checkpoint', () => {
  const params = { api_key: 'a-secret', tenant: 'a-secret', fields: 'contactId' };
  const { query } = cxoneCompletedContacts({ ...DATES, params, secretParams: ['tenant'] });
  expect(query).toMatchObject({ params: { fields: 'contactId' } });
  expect(JSON.stringify(query)).not.toContain('a-secret');
});
