import { Agent } from 'node:http';
import axios from 'axios';
import {
  cursorSource,
  cxoneCompletedContacts,
  cxoneDataExtraction,
  genesysConversationJobs,
  genesysConversations,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../src/batch/index.ts';
import { LIST_START, type ListPlan, LyingList, STEP } from './lying-list.ts';
import { startServer } from './server.ts';

/** How a request names its page. `states` says whether a response states a total. */
const FORMS = {
  'page number': { states: true },
  'page count': { states: true },
  offset: { states: true },
  cursor: { states: true },
  link: { states: true },
  'details query': { states: true },
  'details job': { states: false },
  'completed contacts': { states: true },
  'data extraction': { states: false },
} as const;

export type Form = keyof typeof FORMS;

export const FORM_NAMES = Object.keys(FORMS) as readonly Form[];

/** An API and the options with which its list is exported. */
export interface LyingPlan extends ListPlan {
  form: Form;
  pageSize: number;
  totalTolerance: number;
  /** Length of the windows of a details query, in records. */
  windowSize: number;
}

interface Request {
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** Address of the list. */
  url: string;
}

/** A response: JSON, or text of a status. */
type Reply = { json: unknown } | { status: number; text: string };

/** Length of the interval of all records, in records. */
export const INTERVAL_SIZE = 60;
const END = LIST_START + INTERVAL_SIZE * STEP;
const iso = (time: number) => new Date(time).toISOString();

export function statesTotal({ form }: LyingPlan): boolean {
  return FORMS[form].states;
}

/** Returns the source that reads the list of a plan. */
export function sourceOf({ form, pageSize, totalTolerance, windowSize }: LyingPlan): PageSource {
  const paged = { url: 'list', items: 'items', id: 'id', total: 'total', totalTolerance };
  const interval = `${iso(LIST_START)}/${iso(END)}`;
  const now = { pollDelay: 1 };
  switch (form) {
    case 'page number':
      return pageNumberSource({ ...paged, sizeParameter: 'size', pageSize });
    case 'page count':
      return pageNumberSource({ ...paged, sizeParameter: 'size', pageSize, pageCount: 'pageCount' });
    case 'offset':
      return offsetSource({ ...paged, pageSize });
    case 'cursor':
      return cursorSource({ ...paged, params: { size: pageSize }, cursor: 'next' });
    case 'link':
      return linkSource({ ...paged, params: { size: pageSize }, next: 'link' });
    case 'details query':
      return genesysConversations({ interval, pageSize, totalTolerance, maxInterval: windowSize * STEP });
    case 'details job':
      return genesysConversationJobs({ interval, pageSize, ...now });
    case 'completed contacts':
      return cxoneCompletedContacts({
        startDate: iso(LIST_START),
        endDate: iso(END),
        pageSize,
        totalTolerance,
      });
    case 'data extraction':
      return cxoneDataExtraction({
        entityName: 'contacts',
        startDate: iso(LIST_START),
        endDate: iso(END),
        id: 'id',
        pageSize,
        ...now,
      });
  }
}

function answer(list: LyingList, path: string, { query, body, url }: Request): Reply {
  const number = (name: string) => Number(query.get(name) ?? 0);
  const listed = (start: number, size: number) => {
    const { items, total, pageCount, next } = list.page('', start, size);
    const named = next === undefined ? {} : { next: `c${next}`, link: `${url}?size=${size}&cursor=c${next}` };
    return { json: { items, total, pageCount, ...named } };
  };
  if (path === '/list') {
    const size = number('size') || number('top');
    if (query.has('pageNumber')) {
      return listed((number('pageNumber') - 1) * (list.plan.apiSize ?? size), size);
    }
    return listed(query.has('skip') ? number('skip') : Number(query.get('cursor')?.slice(1) ?? 0), size);
  }
  if (path.endsWith('/availability')) return { json: { dataAvailabilityDate: iso(END) } };
  if (path.endsWith('/details/jobs')) return { json: { jobId: 'job' } };
  if (path.endsWith('/details/jobs/job')) return { json: { state: 'FULFILLED' } };
  if (path.endsWith('/results')) {
    const { items, next } = list.page('', Number(query.get('cursor') ?? 0), number('pageSize'));
    const conversations = items.map(({ id }) => ({ conversationId: id }));
    return { json: { conversations, ...(next !== undefined && { cursor: String(next) }) } };
  }
  if (path.endsWith('/details/query')) return detailsQuery(list, body);
  if (path.endsWith('/contacts/completed')) return completedContacts(list, query, url);
  if (path.endsWith('/v1/jobs')) return { json: 'job' };
  if (path.endsWith('/v1/jobs/job')) {
    return { json: { jobStatus: { status: 'SUCCEEDED', result: { url: `${new URL('file', url)}` } } } };
  }
  // The whole file is one page, whatever the page size of the API.
  const rows = list.page('', 0, Number.MAX_SAFE_INTEGER, () => true, true).items;
  return { status: 200, text: ['id,start', ...rows.map(({ id, start }) => `${id},${start}`), ''].join('\n') };
}

function detailsQuery(list: LyingList, body: Record<string, unknown>): Reply {
  const { pageSize, pageNumber } = body.paging as { pageSize: number; pageNumber: number };
  const window = String(body.interval);
  const [from = 0, to = 0] = window.split('/').map((time) => Date.parse(time));
  // A conversation is longer than the distance to the next one, so that two windows contain it.
  const isActive = ({ start }: { start: number }) => start < to && start + 1.5 * STEP > from;
  const size = list.plan.apiSize ?? pageSize;
  const { items, total } = list.page(window, (pageNumber - 1) * size, pageSize, isActive);
  const conversations = items.map(({ id, start }) => ({ conversationId: id, conversationStart: iso(start) }));
  return { json: conversations.length > 0 ? { conversations, totalHits: total } : { totalHits: total } };
}

function completedContacts(list: LyingList, query: URLSearchParams, url: string): Reply {
  const [from, to] = ['startDate', 'endDate'].map((name) => Date.parse(query.get(name) ?? ''));
  const skip = Number(query.get('skip'));
  const isWithin = ({ start }: { start: number }) => start >= (from ?? 0) && start < (to ?? 0);
  const page = list.page(`${from}/${to}`, skip, Number(query.get('top')), isWithin);
  if (page.items.length === 0 && page.next === undefined) {
    // The response has no body, so that it states no total.
    list.stated.get(`${from}/${to}`)?.pop();
    return { status: 204, text: '' };
  }
  const next = new URLSearchParams(query);
  next.set('skip', String(page.next === 0 ? 0 : skip + page.items.length));
  return {
    json: {
      completedContacts: page.items.map(({ id, start }) => ({ contactId: id, contactStart: iso(start) })),
      totalRecords: page.total,
      _links: page.next === undefined ? {} : { next: `${url}?${next}` },
    },
  };
}

/** A server of many lists. */
export interface LyingApi {
  /** Adds a list. @param limit number of requests after which the API only fails. */
  add(plan: LyingPlan, limit: number): { list: LyingList; url: string; requests(): number };
  readonly api: ReturnType<typeof axios.create>;
  close(): Promise<void>;
}

export async function startLyingApi(): Promise<LyingApi> {
  const lists: { list: LyingList; limit: number; requests: number }[] = [];
  const server = await startServer(({ url, body }, response) => {
    const { pathname, searchParams: query } = new URL(url, 'http://localhost');
    const [, number = '', path = ''] = /^\/(\d+)(\/.*)$/.exec(pathname) ?? [];
    const own = lists[Number(number)];
    if (!own || ++own.requests > own.limit) {
      response.writeHead(400).end();
      return;
    }
    const text = body.toString();
    const request = { query, body: text === '' ? {} : JSON.parse(text), url: `${server.url}${pathname}` };
    const reply = answer(own.list, path, request);
    const isJson = 'json' in reply;
    response.writeHead(isJson ? 200 : reply.status, {
      'content-type': isJson ? 'application/json' : 'text/csv',
    });
    response.end(isJson ? JSON.stringify(reply.json) : reply.text);
  });
  const httpAgent = new Agent({ keepAlive: true });
  return {
    api: axios.create({ httpAgent, proxy: false }),
    add(plan, limit) {
      const own = { list: new LyingList(plan), limit, requests: 0 };
      const url = `${server.url}/${lists.push(own) - 1}`;
      return { list: own.list, url, requests: () => own.requests };
    },
    async close() {
      httpAgent.destroy();
      await server.close();
    },
  };
}
