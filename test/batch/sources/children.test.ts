import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  type ChildrenOptions,
  childrenSource,
  cursorSource,
  type PageSource,
  pageNumberSource,
} from '../../../src/batch/index.ts';
import { failure, preparedPages } from '../../support/batch.ts';
import { type ApiRequest, exportAll, exportInRuns, startApi } from '../../support/exporting.ts';
import { sendJson } from '../../support/server.ts';

interface Queue {
  id: string;
}

/** The members of each queue. The user `u0` is a member of every queue but the empty one. */
const MEMBERS: Record<string, string[]> = {
  q0: ['u0', 'u1', 'u2', 'u3', 'u4'],
  q1: ['u0'],
  q2: [],
  q3: ['u0', 'u5', 'u6'],
  q4: ['u0', 'u7'],
};

function pageOf<T>(all: readonly T[], query: Record<string, string>, size = 2) {
  const number = Number(query.pageNumber);
  const entities = all.slice((number - 1) * size, number * size);
  return { entities, total: all.length, pageCount: Math.ceil(all.length / size) };
}

const PAGES = { items: 'entities', total: 'total', pageCount: 'pageCount', id: 'id' };

const queues = (): PageSource<Queue> => pageNumberSource({ url: '/queues', ...PAGES }) as PageSource<Queue>;

const members = (more: Partial<ChildrenOptions<Queue>> = {}) =>
  childrenSource<Queue>({
    name: 'members',
    parents: queues(),
    children: ({ id }) => pageNumberSource({ url: `/queues/${id}/members`, ...PAGES }),
    parentField: 'queueId',
    ...more,
  });

function startQueues(
  answer: (request: ApiRequest) => unknown = () => undefined,
  all: () => Record<string, string[]> = () => MEMBERS,
) {
  return startApi((request, response) => {
    const special = answer(request);
    if (special !== undefined) return typeof special === 'number' ? sendJson(response, special, {}) : special;
    const { path, query } = request;
    if (path === '/queues')
      return pageOf(
        Object.keys(all()).map((id) => ({ id })),
        query,
      );
    const of = all()[path.split('/')[2] ?? ''];
    return of
      ? pageOf(
          of.map((id) => ({ id })),
          query,
        )
      : sendJson(response, 404, {});
  });
}

const expected = (all = MEMBERS) =>
  Object.entries(all).flatMap(([queueId, ids]) => ids.map((id) => ({ id, queueId })));

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('childrenSource', () => {
  it('writes the children of each parent, with the id of the parent, in the order of the parents', async () => {
    const { url } = await startQueues();
    const { records, summary } = await exportAll(members(), url);
    expect(records).toEqual(expected());
    expect(summary).toMatchObject({ records: 11, stated: 11, warnings: [] });
  });

  it.each([0, 1, 6])('reads %i pages ahead with the same result', async (readAhead) => {
    const { url } = await startQueues();
    const { records } = await exportAll(members(), url, { readAhead });
    expect(records).toEqual(expected());
  });

  it.each([1, 4, 5, 9])('resumes after %i pages without loss or repetition', async (stop) => {
    const { url } = await startQueues();
    const { text } = await exportInRuns(members(), axios.create({ baseURL: url }), [stop]);
    expect(lines(text)).toEqual(expected());
  });

  it('resumes at every page of one export', async () => {
    const { url } = await startQueues();
    const { text } = await exportInRuns(members(), axios.create({ baseURL: url }), Array(14).fill(1));
    expect(lines(text)).toEqual(expected());
  });

  it.each([
    ['finds its position by the id of the parent', 6, 5, []],
    [
      'reads the children of a page again, with a warning, if the saved parent is not on its page',
      1,
      2,
      [
        'the parent "q0" of the source members is no longer on its page: the children of the page are read again, and children without ' +
          'an id are written twice',
        'the source members for the parent "q0" stated 5 records, but returned 2 different ones: 3 are missing, which the tolerance of 1 ' +
          'allows',
      ],
    ],
  ])('%s, if a parent was deleted between two runs', async (_, stop, written, warnings) => {
    const runs = [
      ['q0', 'q1', 'q3'],
      ['q1', 'q3'],
    ];
    const parents: PageSource<Queue> = {
      name: 'queues',
      query: null,
      identify: ({ id }) => id,
      async *read() {
        yield { items: (runs.shift() ?? []).map((id) => ({ id })) };
      },
    };
    const { url } = await startQueues();
    const { text, summary } = await exportInRuns(members({ parents }), axios.create({ baseURL: url }), [
      stop,
    ]);
    const { q0 = [], q1 = [], q3 = [] } = MEMBERS;
    expect(lines(text)).toEqual(expected({ q0: q0.slice(0, written), q1, q3 }));
    expect(summary).toMatchObject({ warnings: expect.arrayContaining(warnings) });
  });

  it.each([404, 410])(
    'skips a parent whose children are gone with %i, with a warning, if asked',
    async (status) => {
      const { url } = await startQueues(({ path }) => (path === '/queues/q1/members' ? status : undefined));
      const { records, summary } = await exportAll(members({ missingParent: 'skip' }), url);
      expect(records).toEqual(expected({ ...MEMBERS, q1: [] }));
      const warning =
        'the source members skipped the parent "q1", because the API returned 404 for its children: it may have been deleted';
      expect(summary).toMatchObject({ warnings: [warning] });
    },
  );

  it('fails if the API returns 404 for the children of a parent', async () => {
    const { url } = await startQueues(({ path }) => (path === '/queues/q1/members' ? 404 : undefined));
    const error = await failure(exportAll(members(), url), 'ERR_REQUEST');
    expect(error.message).toContain('/queues/q1/members');
  });

  it('fails if the API returns 404 for the children of every parent', async () => {
    const { url } = await startQueues(({ path }) => (path.endsWith('/members') ? 404 : undefined));
    const run = exportAll(members({ missingParent: 'skip' }), url);
    const error = await failure(run, 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain('received 404 for the children of all 5 parents');
  });

  it('fails if the API returns fewer children than it stated', async () => {
    const { url } = await startQueues(({ path, query }) =>
      path === '/queues/q3/members'
        ? { ...pageOf([{ id: 'u0' }, { id: 'u5' }], query), total: 3 }
        : undefined,
    );
    const error = await failure(exportAll(members(), url), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain('GET /queues/q3/members stated 3 records');
  });

  it('fails if the API returns fewer parents than it stated', async () => {
    const { url } = await startQueues(({ path, query }) =>
      path === '/queues' ? { ...pageOf([{ id: 'q0' }, { id: 'q1' }], query), total: 3 } : undefined,
    );
    const error = await failure(exportAll(members(), url), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toContain('GET /queues stated 3 records, but returned 2 different ones: 1 missing');
  });

  it('reads a parent that comes twice once', async () => {
    const twice = ['q0', 'q1', 'q1', 'q3'].map((id) => ({ id }));
    const { url, requests } = await startQueues(({ path, query }) =>
      path === '/queues' ? { ...pageOf(twice, query), total: 3 } : undefined,
    );
    const { records } = await exportAll(members(), url);
    expect(records).toHaveLength(9);
    expect(requests.filter(({ path }) => path === '/queues/q1/members')).toHaveLength(1);
  });

  it.each<[string, Partial<ChildrenOptions<Queue>>, string]>([
    [
      'parents',
      { parents: { name: 'loop', query: null, identify: ({ id }) => id, read: loop } },
      'the source loop returned a page again',
    ],
    [
      'children',
      { children: () => cursorSource({ url: '/loop', items: 'entities', cursor: 'cursor', id: 'id' }) },
      'GET /loop returned the first page again',
    ],
  ])('fails if the pages of the %s form a loop', async (_, more, part) => {
    const { url } = await startQueues(({ path }) =>
      path === '/loop' ? { entities: [{ id: 'a' }, { id: 'b' }], cursor: 'same' } : undefined,
    );
    const error = await failure(exportAll(members(more), url), 'ERR_PAGE_LOOP');
    expect(error.message).toContain(part);
  });

  it('fails if a child has the member for the parent with another value', async () => {
    const { url } = await startQueues(({ path, query }) =>
      path === '/queues/q1/members' ? pageOf([{ id: 'u0', queueId: 'other' }], query) : undefined,
    );
    const error = await failure(exportAll(members(), url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain('with another queueId than its parent; set another parentField');
    expect(error.message).not.toContain('other"');
  });

  it.each([
    [{ parents: undefined }, 'parents must be a source'],
    [{ parents: preparedPages([]) }, 'parents must identify its records'],
    [{ children: undefined }, 'children must be a function'],
    [{ parentField: '' }, 'parentField must be the name'],
    [{ missingParent: 'ignore' }, "missingParent must be 'fail' or 'skip'"],
  ])('refuses %j', (wrong, problem) => {
    expect(() => members(wrong as never)).toThrow(problem);
  });

  it.each([
    [{ parents: null, before: 0, parent: 1, found: 0, skipped: 0 }],
    [{ parents: null, before: -1, parent: '"q0"', found: 0, skipped: 0 }],
    [{ parents: null, before: 0, parent: '"q0"', found: 0, skipped: 0, other: 1 }],
    ['text'],
  ])('refuses the cursor %j before its first request', async (cursor) => {
    const context = { from: cursor, request: () => expect.fail('sent a request') };
    const pages = members()
      .read(context as never)
      [Symbol.asyncIterator]();
    await expect(pages.next()).rejects.toMatchObject({ code: 'ERR_CHECKPOINT_DAMAGED' });
  });
});

async function* loop() {
  for (let next = 1; ; next++) yield { items: [{ id: 'q0' }, { id: 'q1' }], next };
}
