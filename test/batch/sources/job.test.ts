import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  cursorSource,
  type JobOptions,
  jobSource,
  linkSource,
  pageNumberSource,
} from '../../../src/batch/index.ts';
import { failure } from '../../support/batch.ts';
import { type ApiRequest, exportAll, exportInRuns, numbered, startApi } from '../../support/exporting.ts';
import { sendJson } from '../../support/server.ts';

const JOB: JobOptions = {
  name: 'users-job',
  pollDelay: 1,
  create: { url: '/jobs', data: { kind: 'users' }, id: 'job.id' },
  status: {
    url: '/jobs/{job}',
    state: 'state',
    running: ['QUEUED', 'RUNNING'],
    ready: ['DONE'],
    failed: ['FAILED'],
    expired: ['EXPIRED'],
    message: 'error.message',
  },
  results: (job) =>
    cursorSource({ url: `/jobs/${job}/results`, items: 'users', cursor: 'cursor', id: 'id', total: 'total' }),
};

const USERS = numbered(0, 7);

/** Starts an API whose jobs are done after two checks. @param answer returns a response of its own, a status, or undefined. */
async function startJobs(answer: (request: ApiRequest, checks: number) => unknown = () => undefined) {
  let created = 0;
  const checks = new Map<string, number>();
  const api = await startApi((request, response) => {
    const { method, path, query } = request;
    const [, , id = '', results] = path.split('/');
    const count = checks.get(id) ?? 0;
    if (!results) checks.set(id, count + 1);
    const special = answer(request, count);
    if (special !== undefined) return typeof special === 'number' ? sendJson(response, special, {}) : special;
    if (method === 'POST') return { job: { id: `j${++created}` } };
    if (!results) return { state: ['QUEUED', 'RUNNING'][count] ?? 'DONE' };
    const at = Number(query.cursor ?? query.page ?? 0);
    const end = at + 3 < USERS.length;
    const users = USERS.slice(at, at + 3);
    return {
      users,
      total: USERS.length,
      ...(end && { cursor: String(at + 3), next: `/jobs/${id}/results?page=${at + 3}` }),
    };
  });
  return { ...api, createdJobs: () => created };
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('jobSource', () => {
  it('creates a job, waits for it, and reads its results', async () => {
    const { url, requests } = await startJobs();
    const { records, summary } = await exportAll(jobSource(JOB), url);
    expect(records).toEqual(USERS);
    expect(summary).toMatchObject({ records: 7, stated: 7, warnings: [] });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /jobs',
      ...Array(3).fill('GET /jobs/j1'),
      ...Array(3).fill('GET /jobs/j1/results'),
    ]);
    expect(requests[0]?.body).toEqual({ kind: 'users' });
  });

  it.each<[string, JobOptions['results']]>([
    ['links', (job) => linkSource({ url: `/jobs/${job}/results`, items: 'users', next: 'next', id: 'id' })],
    [
      'a number',
      (job) => pageNumberSource({ url: `/jobs/${job}/pages`, items: 'users', total: 'total', id: 'id' }),
    ],
  ])('reads results that are paged by %s', async (_, results) => {
    const { url } = await startJobs(({ path, query }) => {
      if (!path.endsWith('/pages')) return undefined;
      const at = (Number(query.pageNumber) - 1) * 3;
      return { users: USERS.slice(at, at + 3), total: USERS.length };
    });
    const { records } = await exportAll(jobSource({ ...JOB, results }), url);
    expect(records).toEqual(USERS);
  });

  it.each([1, 2, 3, 4])('resumes after %i pages with the same job', async (stop) => {
    const { url, createdJobs } = await startJobs();
    const { text } = await exportInRuns(jobSource(JOB), axios.create({ baseURL: url }), [stop]);
    expect(lines(text)).toEqual(USERS);
    expect(createdJobs()).toBe(1);
  });

  it.each([
    [
      'the status says so',
      (path: string, count: number) => path === '/jobs/j1' && count > 2 && { state: 'EXPIRED' },
    ],
    [
      'the API does not know it',
      (path: string, count: number) => path.startsWith('/jobs/j1') && count > 2 && 404,
    ],
    [
      'the API says that it is gone',
      (path: string, count: number) => path === '/jobs/j1' && count > 2 && 410,
    ],
  ])('creates an expired job again if %s, and writes each record once', async (_, expire) => {
    let runs = 0;
    const { url, createdJobs } = await startJobs(
      ({ path }, count) => (expire(path, count) || undefined) as unknown,
    );
    const options = { onProgress: () => void runs++ };
    const { text } = await exportInRuns(jobSource(JOB), axios.create({ baseURL: url }), [2], options);
    expect(lines(text)).toEqual(USERS);
    expect(createdJobs()).toBe(2);
  });

  it.each([404, 410, 400])(
    'creates a job again that expires while its results are read with status %i',
    async (status) => {
      let isExpired = false;
      const { url, createdJobs } = await startJobs(({ path, query }) => {
        if (path === '/jobs/j1/results' && query.cursor === '3') {
          isExpired = true;
          return status;
        }
        return isExpired && path === '/jobs/j1' ? { state: 'EXPIRED' } : undefined;
      });
      const { records } = await exportAll(jobSource(JOB), url);
      expect(records).toEqual(USERS);
      expect(createdJobs()).toBe(2);
    },
  );

  it('checks the job before it takes an empty page as the end', async () => {
    let isExpired = false;
    const { url } = await startJobs(({ path }) => {
      if (path === '/jobs/j1/results') {
        isExpired = true;
        return { users: [], total: 0 };
      }
      return isExpired && path === '/jobs/j1' ? { state: 'EXPIRED' } : undefined;
    });
    const { records } = await exportAll(jobSource(JOB), url);
    expect(records).toEqual(USERS);
  });

  it('fails if the job fails, with its message', async () => {
    const { url } = await startJobs(({ path }) =>
      path === '/jobs/j1' ? { state: 'FAILED', error: { message: 'too large' } } : undefined,
    );
    const error = await failure(exportAll(jobSource(JOB), url), 'ERR_JOB');
    expect(error.message).toContain('the job of the source users-job j1 ended as FAILED: too large');
  });

  it('fails if three jobs in a row expire without progress', async () => {
    const { url, createdJobs } = await startJobs(({ path }) => (path.endsWith('/results') ? 404 : undefined));
    await failure(exportAll(jobSource(JOB), url), 'ERR_JOB');
    expect(createdJobs()).toBe(3);
  });

  it('fails if the API returns an unknown state, or fewer records than it stated', async () => {
    const unknown = await startJobs(({ path }) => (path === '/jobs/j1' ? { state: 'LOST' } : undefined));
    const error = await failure(exportAll(jobSource(JOB), unknown.url), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain('returned the unknown state "LOST" as state');
    const fewer = await startJobs(({ path }) =>
      path.endsWith('/results') ? { users: USERS.slice(0, 2), total: 3 } : undefined,
    );
    await failure(exportAll(jobSource(JOB), fewer.url), 'ERR_TOTAL_MISMATCH');
  });

  it.each(['../admin', 'a/b', '..', '', 'x?y', null, { a: 1 }])(
    'refuses %j as the id of a job',
    async (id) => {
      const { url, requests } = await startJobs(({ method }) =>
        method === 'POST' ? { job: { id } } : undefined,
      );
      const error = await failure(exportAll(jobSource(JOB), url), 'ERR_UNEXPECTED_ANSWER');
      expect(error.message).toContain('as job.id, which is not the id of a job');
      expect(requests).toHaveLength(1);
    },
  );

  it('accepts a number as the id of a job', async () => {
    const { url } = await startJobs(({ method }) => (method === 'POST' ? { job: { id: 7 } } : undefined));
    const { records } = await exportAll(jobSource(JOB), url);
    expect(records).toEqual(USERS);
  });

  it.each([[{ job: '../x', page: null }], [{ job: 'j1' }], [{ job: 'j1', page: null, more: 1 }], [3]])(
    'refuses the cursor %j before its first request',
    async (from) => {
      const context = { from, request: () => expect.fail('sent a request') };
      const read = () =>
        jobSource(JOB)
          .read(context as never)
          [Symbol.asyncIterator]()
          .next();
      await expect((async () => read())()).rejects.toMatchObject({ code: 'ERR_CHECKPOINT_DAMAGED' });
    },
  );

  it('keeps secrets of the request out of the query', () => {
    const create = { url: '/jobs?api_key=k1', data: { token: 'k2', kind: 'users' }, id: 'id' };
    const { query } = jobSource({ ...JOB, create });
    expect(JSON.stringify(query)).not.toMatch(/k1|k2/);
    expect(JSON.stringify(query)).toContain('users');
  });

  it.each<[string, Record<string, unknown>]>([
    ['create.url must be the URL', { create: { id: 'x' } }],
    ["create.id must be the path of the job's id", { create: { url: '/jobs' } }],
    ['status.url must contain {job}', { status: { ...JOB.status, url: '/jobs' } }],
    ['status.running must list the states', { status: { ...JOB.status, running: [] } }],
    ['status must list each state once', { status: { ...JOB.status, failed: ['DONE'] } }],
    ['results must be a function', { results: undefined }],
    ['unknown option status.staet; did you mean state?', { status: { ...JOB.status, staet: 'x' } }],
  ])('refuses: %s', (problem, wrong) => {
    expect(() => jobSource({ ...JOB, ...wrong } as never)).toThrow(problem);
  });
});
