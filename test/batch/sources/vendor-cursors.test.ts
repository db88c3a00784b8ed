import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  cxoneCompletedContacts,
  cxoneDataExtraction,
  genesysConversationJobs,
  genesysConversations,
  type Json,
  type PageSource,
} from '../../../src/batch/index.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { failure } from '../../support/batch.ts';
import { exportAll, startApi } from '../../support/exporting.ts';

const DATES = { startDate: '2023-10-01', endDate: '2023-10-02' };
const [START, END] = [Date.parse(DATES.startDate), Date.parse(DATES.endDate)];
const QUERY = { start: START, end: END, width: 86_400_000, page: 2, received: 100, before: 0 };
const WINDOW = { start: START, end: END, skip: 100, step: 100, received: 100 };

describe('a cursor that was changed by hand is refused before the first request', () => {
  const conversations = genesysConversations({ interval: '2023-10-01/2023-10-02' });
  const contacts = cxoneCompletedContacts(DATES);
  const jobs = genesysConversationJobs({ interval: '2023-10-01/2023-10-02' });
  const extraction = cxoneDataExtraction({ entityName: 'x', ...DATES });

  it.each<[Pick<PageSource, 'read'>, Json]>([
    [conversations, { ...QUERY, start: START - 1 }],
    [conversations, { ...QUERY, end: END + 1 }],
    [conversations, { ...QUERY, start: END }],
    [conversations, { ...QUERY, page: 0 }],
    [conversations, { ...QUERY, page: '2' }],
    [conversations, { ...QUERY, received: -1 }],
    [conversations, { ...QUERY, hits: 'many' }],
    [conversations, { ...QUERY, restOf: { start: START - 1, hits: 5 } }],
    [conversations, null],
    [conversations, 'x'],
    [contacts, { ...WINDOW, skip: 1.5 }],
    [contacts, { ...WINDOW, step: 0 }],
    [contacts, { ...WINDOW, end: END + 1 }],
    [contacts, { ...WINDOW, recount: 'yes' }],
    [contacts, []],
    [jobs, { job: '../../users/me?', cursor: null }],
    [jobs, { job: '..', cursor: null }],
    [jobs, { job: 'a', cursor: 7 }],
    [jobs, { job: 'a' }],
    [extraction, { job: 'a/b', rows: 0 }],
    [extraction, { job: 'a', rows: -1 }],
    [extraction, { job: 'a', rows: '1' }],
  ])('%o %j', async (source, from) => {
    const { url, requests } = await startApi(() => ({}));
    const { request } = axios.create({ baseURL: url, proxy: false });
    const signal = new AbortController().signal;
    const context = { from, readAhead: 2, signal, clock: systemClock, random: Math.random, request };
    await failure(
      (async () => source.read(context)[Symbol.asyncIterator]().next())(),
      'ERR_CHECKPOINT_DAMAGED',
    );
    expect(requests).toHaveLength(0);
  });
});

describe('cxoneCompletedContacts', () => {
  it('tells the contactId 1 from "1", and refuses a number that JavaScript cannot represent', async () => {
    const contacts = (ids: unknown[]) => ({ completedContacts: ids.map((contactId) => ({ contactId })) });
    const both = await startApi(() => contacts([1, '1', 1]));
    expect((await exportAll(cxoneCompletedContacts(DATES), both.url)).records).toHaveLength(2);
    const big = await startApi(() => contacts([2 ** 53]));
    await failure(exportAll(cxoneCompletedContacts(DATES), big.url), 'ERR_UNEXPECTED_ANSWER');
  });

  it('fails with ERR_PAGE_LOOP for a link to an earlier page', async () => {
    const { url } = await startApi(({ path }) => ({
      totalRecords: 5,
      completedContacts: [{ contactId: 1 }],
      _links: { next: `${path}?skip=0` },
    }));
    await failure(exportAll(cxoneCompletedContacts(DATES), url), 'ERR_PAGE_LOOP');
  });
});

describe('cxoneDataExtraction, if the API is not on loopback', () => {
  /** Returns an instance whose API has another host name than the server that answers. */
  const remote = (url: string) =>
    axios.create({
      baseURL: 'https://api.example.test',
      proxy: false,
      adapter: async (config) => {
        const response = await axios.getAdapter('http')({ ...config, baseURL: url });
        return { ...response, config };
      },
    });

  it.each([
    'http://127.0.0.1:1/x.csv',
    'http://localhost:1/x.csv',
    'https://localhost:1/x.csv',
    'http://[::1]:1/x.csv',
  ])('refuses the file %s', async (file) => {
    const { url } = await startApi(({ method }) =>
      method === 'POST' ? { jobId: 'job' } : { jobStatus: { status: 'SUCCEEDED', result: { url: file } } },
    );
    const source = cxoneDataExtraction({ entityName: 'x', ...DATES });
    const error = await failure(exportAll(source, '', { api: remote(url) }), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain('is on loopback, but the API is not');
  });
});
