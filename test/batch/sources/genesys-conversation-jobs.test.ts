import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ExportOptions, exportRecords, jsonLinesFile, type Progress } from '../../../src/batch/index.ts';
import type { GenesysConversation } from '../../../src/batch/sources/conversation-answer.ts';
import {
  type GenesysConversationJobsOptions,
  genesysConversationJobs,
} from '../../../src/batch/sources/genesys-conversation-jobs.ts';
import { genesysCloud } from '../../../src/vendors/genesys-cloud.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { type SeenRequest, sendJson, startServer } from '../../support/server.ts';
import { attached, startSimulator } from '../../support/simulated.ts';

const JOBS = '/api/v2/analytics/conversations/details/jobs';
const INTERVAL = '2023-10-01T00:00Z/2023-10-08T00:00Z';
const QUICK = { interval: INTERVAL, pollDelay: 1, maxPollDelay: 2 };

async function output(api: AxiosInstance, source: Partial<GenesysConversationJobsOptions> = {}) {
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const base = {
    api,
    source: genesysConversationJobs({ ...QUICK, ...source }),
    sink: jsonLinesFile(path),
    checkpointInterval: 0,
  } satisfies ExportOptions<GenesysConversation>;
  const ids = async () =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line): string => JSON.parse(line).conversationId);
  const cursor = async () => JSON.parse(await readFile(`${path}.checkpoint`, 'utf8')).state.cursor;
  return { base, path, ids, cursor };
}

async function simulated(options: Parameters<typeof startSimulator>[0] = {}) {
  const sim = await startSimulator({ records: 95, ...options });
  const { url: envUrl, clientId, clientSecret } = sim;
  const api = attached(genesysCloud({ envUrl, clientId, clientSecret }), {});
  api.defaults.baseURL = sim.url;
  const expected = [...sim.records()].map(({ conversationId }) => conversationId);
  const created = () => sim.requests.filter(({ method, path }) => method === 'POST' && path === JOBS).length;
  return { sim, api, expected, created };
}

/** Ends a run by an abort once it has so many records. */
function abortAt(records: number) {
  const abort = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.records >= records) abort.abort(new Error('enough'));
  };
  return { signal: abort.signal, onProgress };
}

/** What a job of {@link startJobs} does. */
interface PlannedJob {
  ids: readonly string[];
  /** After so many pages it is EXPIRED. @default never */
  pages?: number;
  state?: string;
}

/** A server whose n-th job is the n-th of a plan, the last one for all after it. */
async function startJobs(plan: readonly PlannedJob[], gone = 404) {
  let created = 0;
  const served = new Map<number, number>();
  const answers: Record<string, (response: Parameters<typeof sendJson>[0]) => void> = {};
  const handle = ({ method, url }: SeenRequest, response: Parameters<typeof sendJson>[0]) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const [, id = '', results] = /\/jobs\/(\d+)(\/results)?$/.exec(pathname) ?? [];
    const planned = plan[Math.min(Number(id), plan.length) - 1];
    const pages = served.get(Number(id)) ?? 0;
    const expired = planned?.pages !== undefined && pages >= planned.pages;
    if (answers[pathname]) return answers[pathname](response);
    if (pathname === `${JOBS}/availability`) {
      return sendJson(response, 200, { dataAvailabilityDate: '2023-10-09T00:00:00.000Z' });
    }
    if (method === 'POST') return sendJson(response, 202, { jobId: String(++created) });
    if (!planned) return sendJson(response, 404, {});
    if (!results)
      return sendJson(response, 200, { state: expired ? 'EXPIRED' : (planned.state ?? 'FULFILLED') });
    if (expired) return sendJson(response, gone, { message: 'gone' });
    served.set(Number(id), pages + 1);
    const start = Number(searchParams.get('cursor') ?? 0);
    const end = start + Number(searchParams.get('pageSize'));
    sendJson(response, 200, {
      conversations: planned.ids.slice(start, end).map((conversationId) => ({ conversationId })),
      ...(end < planned.ids.length && { cursor: String(end) }),
      dataAvailabilityDate: '2023-10-09T00:00:00.000Z',
    });
  };
  const server = await startServer(handle);
  onTestFinished(() => server.close());
  const api = axios.create({ baseURL: server.url, proxy: false });
  return { api, answers, created: () => created };
}

const IDS = Array.from({ length: 12 }, (_, n) => `c${n}`);
const REVERSED = [...IDS].reverse();

describe('a job', () => {
  test('is created, waited for and read to its end', async () => {
    const { api, expected, created } = await simulated({ jobs: { polls: 3 } });
    const { base, ids } = await output(api, { pageSize: 10 });
    expect(await exportRecords(base)).toMatchObject({ records: 95, pages: 10, repeated: 0 });
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(1);
  });

  test('without conversations makes an empty output', async () => {
    const { api } = await simulated();
    const { base, ids } = await output(api, { interval: '2023-09-01/2023-09-02' });
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
    expect(await ids()).toEqual([]);
  });

  test('is asked for with the query, in UTC', async () => {
    const bodies: unknown[] = [];
    const server = await startServer(({ method, body }, response) => {
      if (method === 'POST') bodies.push(JSON.parse(String(body)));
      sendJson(response, method === 'POST' ? 202 : 200, {
        jobId: 'x',
        state: 'FULFILLED',
        conversations: [],
        dataAvailabilityDate: '2023-10-09',
      });
    });
    onTestFinished(() => server.close());
    const { base } = await output(axios.create({ baseURL: server.url, proxy: false }), {
      interval: '2023-10-01T02:00+02:00/2023-10-08',
      query: { order: 'asc' },
      startOfDayIntervalMatching: true,
    });
    await exportRecords(base);
    expect(bodies).toEqual([
      {
        order: 'asc',
        interval: '2023-10-01T00:00:00.000Z/2023-10-08T00:00:00.000Z',
        startOfDayIntervalMatching: true,
      },
    ]);
  });

  test.each(['FAILED', 'CANCELLED'] as const)(
    'that ends as %s is an error, and the next run makes another',
    async (outcome) => {
      const { api, expected, created } = await simulated({
        jobs: { outcome: (n) => (n === 1 ? outcome : 'FULFILLED') },
      });
      const { base, ids } = await output(api);
      const error = await failure(exportRecords(base), 'ERR_JOB');
      expect(error.message).toContain(
        outcome === 'FAILED' ? 'FAILED: The query failed on the server.' : 'CANCELLED',
      );
      await exportRecords(base);
      expect(await ids()).toEqual(expected);
      expect(created()).toBe(2);
    },
  );

  test('is waited for with longer and longer pauses, and up to maxWait', async () => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    const looks: number[] = [];
    const clock = createManualClock();
    answers[`${JOBS}/1`] = (response) => {
      looks.push(clock.now());
      sendJson(response, 202, { state: 'PENDING' });
    };
    const { base } = await output(api, { pollDelay: 1000, maxPollDelay: 5000, maxWait: 20_000 });
    const ended = failure(exportRecords({ ...base, clock, random: () => 1 }), 'ERR_JOB');
    let over = false;
    ended.finally(() => {
      over = true;
    });
    while (!over) await clock.advance(clock.pending > 1 ? 100 : 0);
    expect((await ended).message).toContain('not ready after 20 seconds');
    const pauses = looks.slice(1).map((time, n) => Math.round((time - (looks[n] as number)) / 1000));
    expect(pauses).toEqual([1, 2, 4, 5, 5, 3]);
  });

  test('of which the data is not there yet is not even created, unless that is wanted', async () => {
    const { api, created } = await simulated({ jobs: { availability: '2023-10-07T12:00:00Z' } });
    const { base } = await output(api);
    const error = await failure(exportRecords(base), 'ERR_JOB');
    expect(error.message).toContain(
      'have data until 2023-10-07T12:00:00.000Z, but the interval ends at 2023-10-08',
    );
    expect(created()).toBe(0);
    const partial = await output(api, { allowPartialData: true });
    const { records } = await exportRecords(partial.base);
    expect(records).toBeGreaterThan(80);
    expect(records).toBeLessThan(95);
  });
});

describe('a job of an earlier run', () => {
  test('is kept in the checkpoint from its creation on, and waited for again', async () => {
    const { sim, api, expected, created } = await simulated({ jobs: { polls: 4 } });
    const { base, ids, cursor } = await output(api, { pollDelay: 1 });
    const abort = new AbortController();
    const looked = setInterval(() => {
      if (
        sim.requests.filter(({ path }) => path.startsWith(`${JOBS}/`) && !path.endsWith('availability'))
          .length > 1
      )
        abort.abort();
    }, 1);
    onTestFinished(() => clearInterval(looked));
    // The interval would not have it saved for a minute.
    await failure(
      exportRecords({ ...base, checkpointInterval: 60_000, signal: abort.signal }),
      'ERR_INTERRUPTED',
    );
    expect(await cursor()).toMatchObject({ cursor: null });
    await exportRecords(base);
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(1);
  });

  test('goes on from its cursor', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, ids } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(40) }), 'ERR_INTERRUPTED');
    const before = sim.counts.recordsServed;
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 0, resumed: true });
    expect(sim.counts.recordsServed - before).toBe(55);
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(1);
  });

  test('that expired between the runs is created again, without loss or repetition', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, ids } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, ...abortAt(40) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 40 });
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(2);
  });
});

describe('a job that expires', () => {
  test('while it is read is created again, without loss or repetition', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, ids } = await output(api, { pageSize: 10 });
    let expired = 0;
    const onProgress = ({ records }: Progress) => {
      if (records === 30 && expired++ === 0) sim.expireJobs();
    };
    await exportRecords({ ...base, readAhead: 2, onProgress });
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(2);
  });

  test('twice, each time with another order, loses and repeats nothing', async () => {
    const { api, created } = await startJobs([
      { ids: IDS, pages: 2 },
      { ids: REVERSED, pages: 4 },
      { ids: IDS },
    ]);
    const { base, ids } = await output(api, { pageSize: 2 });
    expect(await exportRecords(base)).toMatchObject({ records: 12, repeated: 12 });
    const written = await ids();
    expect(written.slice(0, 4)).toEqual(IDS.slice(0, 4));
    expect([...written].sort()).toEqual([...IDS].sort());
    expect(created()).toBe(3);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'and whose run is cut after %i records, each with another order, loses and repeats nothing',
    async (records) => {
      const { api } = await startJobs([{ ids: IDS, pages: 3 }, { ids: REVERSED, pages: 5 }, { ids: IDS }]);
      const { base, ids } = await output(api, { pageSize: 2 });
      const first = await exportRecords({ ...base, readAhead: 0, ...abortAt(records) }).catch(
        (error) => error,
      );
      expect(first.code).toBe('ERR_INTERRUPTED');
      expect(await exportRecords(base)).toMatchObject({ records: 12 });
      expect([...(await ids())].sort()).toEqual([...IDS].sort());
    },
  );

  test('before its first page is created again, and its records still need no memory', async () => {
    const { api, created } = await startJobs([{ ids: IDS, pages: 0 }, { ids: IDS }], 410);
    const { base, ids, cursor } = await output(api, { pageSize: 5 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(5) }), 'ERR_INTERRUPTED');
    expect(await cursor()).toEqual({ job: '2', cursor: '5', mayRepeat: false });
    await exportRecords(base);
    expect(await ids()).toEqual(IDS);
    expect(created()).toBe(2);
  });

  test('is known by its state where its results answer 400', async () => {
    const { api, created } = await startJobs([{ ids: IDS, pages: 1 }, { ids: IDS }], 400);
    const { base, ids } = await output(api, { pageSize: 5 });
    await exportRecords(base);
    expect(await ids()).toEqual(IDS);
    expect(created()).toBe(2);
  });

  test('each time is given up, and what it gave stays', async () => {
    const { api, created } = await startJobs([{ ids: IDS, pages: 2 }]);
    const { base, ids } = await output(api, { pageSize: 2 });
    const error = await failure(exportRecords(base), 'ERR_JOB');
    expect(error.message).toContain('expired 3 times in a row without getting further than 4 records');
    expect(error.resumable).toBe(true);
    expect(created()).toBe(4);
    expect(await ids()).toEqual(IDS.slice(0, 4));
  });

  test('before it is ready, each time, is given up', async () => {
    const { api, created } = await startJobs([{ ids: IDS, state: 'EXPIRED' }]);
    const { base } = await output(api);
    await failure(exportRecords(base), 'ERR_JOB');
    expect(created()).toBe(3);
  });
});

describe('an answer that is not what it should be is an error, never the end:', () => {
  test.each([
    ['status', `${JOBS}/1`, 200, { state: 'DONE' }, 'its state is "DONE"'],
    ['status', `${JOBS}/1`, 200, {}, 'its state is undefined'],
    ['results', `${JOBS}/1/results`, 200, {}, 'no conversations, but nothing at all'],
    [
      'results',
      `${JOBS}/1/results`,
      200,
      { conversations: null, dataAvailabilityDate: 'x' },
      'its conversations is',
    ],
    ['results', `${JOBS}/1/results`, 200, { cursor: 'a', dataAvailabilityDate: 'x' }, 'no conversations'],
    ['results', `${JOBS}/1/results`, 200, { conversations: [], cursor: 7 }, 'a cursor that is none'],
    ['results', `${JOBS}/1/results`, 200, { conversations: [{}] }, 'without a conversationId'],
    ['results', `${JOBS}/1/results`, 200, '<html>', 'answered 200 with'],
    ['availability', `${JOBS}/availability`, 200, {}, 'without a dataAvailabilityDate'],
  ])('%s of %s with %i %j', async (_, path, status, body, message) => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    answers[path] = (response) => sendJson(response, status, body);
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });

  test('results whose cursor leads in a circle', async () => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    answers[`${JOBS}/1/results`] = (response) =>
      sendJson(response, 200, { conversations: [], cursor: 'same' });
    const { base } = await output(api);
    await failure(exportRecords(base), 'ERR_PAGE_LOOP');
  });

  test('but results without conversations that say so by their date are the end', async () => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    answers[`${JOBS}/1/results`] = (response) =>
      sendJson(response, 200, { dataAvailabilityDate: '2023-10-09' });
    const { base } = await output(api);
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
  });
});

test('says everything that is wrong with its options', () => {
  const now = Date.parse('2023-10-05T00:00Z');
  expect(() =>
    genesysConversationJobs({
      interval: INTERVAL,
      pageSize: 0,
      query: { interval: 'x' },
      maxWait: -1,
      clock: createManualClock(now),
    }),
  ).toThrow(
    /future(.|\n)*query.interval is an option of its own(.|\n)*pageSize must be(.|\n)*maxWait must be/,
  );
  expect(() => genesysConversationJobs(undefined as never)).toThrow(/interval/);
});
