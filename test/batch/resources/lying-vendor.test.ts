import type { ServerResponse } from 'node:http';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { cxoneResource, genesysResource } from '../../../src/batch/index.ts';
import { failure } from '../../support/batch.ts';
import { type ApiRequest, exportAll, exportInRuns, startApi } from '../../support/exporting.ts';
import { sendJson } from '../../support/server.ts';

const users = Array.from({ length: 60 }, (_, n) => ({ id: `ü/ñ ${n} 😀`, name: `user ${n}` }));

/** Returns a page of users as the vendor documents it. */
function pageOf({ query }: ApiRequest, all: readonly object[] = users) {
  const [number, size] = [Number(query.pageNumber ?? 1), Number(query.pageSize)];
  const entities = all.slice((number - 1) * size, number * size);
  return { entities, total: all.length, pageCount: Math.ceil(all.length / size), pageNumber: number };
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('a resource of an API that differs from its documentation', () => {
  it.each<[string, (request: ApiRequest) => unknown, RegExp]>([
    [
      'has no page count',
      (request) => ({ ...pageOf(request), pageCount: undefined }),
      /returned nothing as pageCount/,
    ],
    ['has no list', (request) => ({ ...pageOf(request), entities: undefined }), /entities/],
    ['returns null as the list', (request) => ({ ...pageOf(request), entities: null }), /entities/],
    [
      'states more records than it returns',
      (request) => ({ ...pageOf(request), total: 70 }),
      /stated 70 records/,
    ],
    [
      'returns page 1 again',
      (request) => pageOf({ ...request, query: { ...request.query, pageNumber: '1' } }),
      /the API ignores the parameter pageNumber/,
    ],
    [
      'returns a user without an id',
      (request) => ({ ...pageOf(request), entities: [{}] }),
      /without the id id/,
    ],
  ])('fails if the API %s', async (_, lie, message) => {
    const { url } = await startApi(lie);
    await expect(exportAll(genesysResource('users'), url)).rejects.toMatchObject({
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, (request: ApiRequest) => unknown]>([
    ['has smaller pages', (request) => pageOf({ ...request, query: { ...request.query, pageSize: '7' } })],
    ['states fewer records than it returns', (request) => ({ ...pageOf(request), total: 10 })],
    ['repeats a user', (request) => ({ ...pageOf(request, [...users, users[59] as object]), total: 60 })],
  ])('writes each user once if the API %s', async (_, lie) => {
    const { url } = await startApi(lie);
    const { records } = await exportAll(genesysResource('users'), url);
    expect(records).toEqual(users);
  });

  it('resumes at every page, also with ids that are not ASCII', async () => {
    const { url } = await startApi((request) => pageOf(request));
    const source = genesysResource('users', { pageSize: 7 });
    const { text } = await exportInRuns(source, axios.create({ baseURL: url }), Array(10).fill(1));
    expect(lines(text)).toEqual(users);
  });

  const queues = ['a/b', 'ü', '%2F'].map((id) => ({ id }));

  /** Answers for queues whose ids need encoding. Each has 60 members, in pages that links connect. */
  const members = (change: (queue: string) => unknown) => (request: ApiRequest, response: ServerResponse) => {
    const { path, query } = request;
    if (path === '/api/v2/routing/queues') return pageOf(request, queues);
    const queue = decodeURIComponent(path.split('/')[5] ?? '');
    const changed = change(queue);
    if (typeof changed === 'number') return sendJson(response, changed, {});
    const at = Number(query.at ?? 0);
    const isLast = at + 25 >= users.length;
    const nextUri = isLast ? null : `${path}?pageSize=${query.pageSize}&at=${at + 25}`;
    return { entities: users.slice(at, at + 25), nextUri, ...(changed as object) };
  };

  it('reads the members of queues whose ids need encoding, and resumes at every page', async () => {
    const { url } = await startApi(members(() => ({})));
    const expected = queues.flatMap(({ id: queueId }) => users.map((user) => ({ ...user, queueId })));
    const source = genesysResource('queue-members');
    const { text } = await exportInRuns(source, axios.create({ baseURL: url }), Array(14).fill(1));
    expect(lines(text)).toEqual(expected);
  });

  it('skips a queue that is deleted, with a warning, and fails if the API knows none', async () => {
    const { url } = await startApi(members((queue) => (queue === 'ü' ? 404 : {})));
    const { records, summary } = await exportAll(genesysResource('queue-members'), url);
    expect(records).toHaveLength(120);
    expect(Object(summary).warnings).toEqual([expect.stringContaining('skipped the parent "ü"')]);
    const broken = await startApi(members(() => 404));
    const error = await failure(
      exportAll(genesysResource('queue-members'), broken.url),
      'ERR_UNEXPECTED_ANSWER',
    );
    expect(error.message).toContain('received 404 for the children of all 3 parents');
  });

  it('writes all records of a user in several parts, although the total is an estimate', async () => {
    const details = Array.from({ length: 40 }, (_, n) => ({ userId: `u${n % 30}`, primaryPresence: [n] }));
    const { url } = await startApi(({ body }) => {
      const { pageNumber, pageSize } = (body as { paging: { pageNumber: number; pageSize: number } }).paging;
      const userDetails = details.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
      return userDetails.length > 0 ? { userDetails, totalHits: 45 } : {};
    });
    const source = genesysResource('user-details', { interval: '2023-10-01/2023-10-02', pageSize: 9 });
    const { records, summary } = await exportAll(source, url);
    expect(records).toEqual(details);
    expect(Object(summary).warnings.join()).toContain('stated 45 records');
  });

  it('writes each group and period of aggregates once, and nothing for an empty response', async () => {
    const period = { interval: '2023-10-01T00:00Z/2023-10-02T00:00Z', metrics: [] };
    const groups = [{ mediaType: 'voice', queueId: 'q' }, { queueId: 'q', mediaType: 'voice' }, undefined];
    const all = groups.map((group) => ({ group, data: [period] }));
    const { url } = await startApi(({ body }) => (Object(body).filter ? {} : { results: all }));
    const options = { interval: '2023-10-01/2023-10-02', query: { metrics: ['nConnected'] } };
    const { records } = await exportAll(genesysResource('conversation-aggregates', options), url);
    expect(records).toEqual([
      { group: groups[0], ...period },
      { group: {}, ...period },
    ]);
    const filtered = { ...options, query: { ...options.query, filter: {} } };
    const empty = await exportAll(genesysResource('conversation-aggregates', filtered), url);
    expect(empty.records).toEqual([]);
  });

  it.each(['ignores skip and top', 'uses them'])('reads skills of CXone if the API %s', async (how) => {
    const skills = Array.from({ length: 230 }, (_, skillId) => ({ skillId }));
    const { url } = await startApi(({ query }, response) => {
      const skip = how === 'uses them' ? Number(query.skip) : 0;
      const page = skills.slice(skip, how === 'uses them' ? skip + Number(query.top) : undefined);
      if (page.length === 0) return void response.writeHead(204).end();
      return { totalRecords: skills.length, skills: page };
    });
    const { records } = await exportAll(cxoneResource('skills'), url);
    expect(records).toEqual(skills);
  });

  it.each([
    () => genesysResource('users', { params: { api_key: 'hidden', state: 'any' } }),
    () => genesysResource('queue-members', { params: { token: 'hidden' } }),
    () => cxoneResource('agents', { params: { code: 'hidden' }, secretParams: ['code'] }),
  ])('keeps secrets out of the query (%#)', (source) => {
    expect(JSON.stringify(source().query)).not.toContain('hidden');
  });
});
