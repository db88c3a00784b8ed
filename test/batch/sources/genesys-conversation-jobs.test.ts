import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
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

/** Returns options that abort a run after `records` records. */
function abortAt(records: number) {
  const abort = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.records >= records) abort.abort(new Error('enough'));
  };
  return { signal: abort.signal, onProgress };
}

/** The behaviour of a job of {@link startJobs}. */
interface PlannedJob {
  ids: readonly string[];
  /** The job expires after this number of pages. @default never */
  pages?: number;
  state?: string;
}

/** Starts a server whose jobs behave like the entries of `plan`. All later jobs behave like the last entry. */
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

describe('genesysConversationJobs', () => {
  it('creates a job, waits for it, and reads all its results', async () => {
    const { api, expected, created } = await simulated({ jobs: { polls: 3 } });
    const { base, ids } = await output(api, { pageSize: 10 });
    expect(await exportRecords(base)).toMatchObject({ records: 95, pages: 10, repeated: 0 });
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(1);
  });

  it('creates an empty output for a job without conversations', async () => {
    const { api } = await simulated();
    const { base, ids } = await output(api, { interval: '2023-09-01/2023-09-02' });
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
    expect(await ids()).toEqual([]);
  });

  it('sends the query and the interval in UTC', async () => {
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

  it.each(['FAILED', 'CANCELLED'] as const)(
    'fails if the job ends as %s, and creates another job in the next run',
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

  it('polls with increasing pauses, and fails after maxWait', async () => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    const checks: number[] = [];
    const clock = createManualClock();
    answers[`${JOBS}/1`] = (response) => {
      checks.push(clock.now());
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
    const pauses = checks.slice(1).map((time, n) => Math.round((time - (checks[n] as number)) / 1000));
    expect(pauses).toEqual([1, 2, 4, 5, 5, 3]);
  });

  it('creates no job before its data is available, unless allowPartialData is set', async () => {
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

describe('when an earlier run was interrupted', () => {
  it('saves a new job in the checkpoint immediately, and waits for the same job in the next run', async () => {
    const { sim, api, expected, created } = await simulated({ jobs: { polls: 4 } });
    const { base, ids, cursor } = await output(api, { pollDelay: 1 });
    const abort = new AbortController();
    const watch = setInterval(() => {
      if (
        sim.requests.filter(({ path }) => path.startsWith(`${JOBS}/`) && !path.endsWith('availability'))
          .length > 1
      )
        abort.abort();
    }, 1);
    onTestFinished(() => clearInterval(watch));
    // With this checkpointInterval, only an immediate checkpoint can contain the job.
    await failure(
      exportRecords({ ...base, checkpointInterval: 60_000, signal: abort.signal }),
      'ERR_INTERRUPTED',
    );
    expect(await cursor()).toMatchObject({ cursor: null });
    await exportRecords(base);
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(1);
  });

  it('resumes from the saved cursor', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, ids } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(40) }), 'ERR_INTERRUPTED');
    const before = sim.counts.recordsServed;
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 0, resumed: true });
    expect(sim.counts.recordsServed - before).toBe(55);
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(1);
  });

  it('creates a new job if the job expired between the runs, and writes each record once', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, ids } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, ...abortAt(40) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 40, warnings: [] });
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(2);
  });
});

describe('when a job expires', () => {
  it('creates a new job while the results are read, and writes each record once', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, ids } = await output(api, { pageSize: 10 });
    let expired = 0;
    const onProgress = ({ records }: Progress) => {
      if (records === 30 && expired++ === 0) sim.expireJobs();
    };
    const { warnings } = await exportRecords({ ...base, readAhead: 2, onProgress });
    expect(warnings).toEqual([]);
    expect(await ids()).toEqual(expected);
    expect(created()).toBe(2);
  });

  it('writes each record once after two expiries, each with another order', async () => {
    const { api, created } = await startJobs([
      { ids: IDS, pages: 2 },
      { ids: REVERSED, pages: 4 },
      { ids: IDS },
    ]);
    const { base, ids } = await output(api, { pageSize: 2 });
    expect(await exportRecords(base)).toMatchObject({ records: 12, repeated: 12, warnings: [] });
    const written = await ids();
    expect(written.slice(0, 4)).toEqual(IDS.slice(0, 4));
    expect([...written].sort()).toEqual([...IDS].sort());
    expect(created()).toBe(3);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'writes each record once after an expiry and an interruption after %i records',
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

  it('creates a new job if the first job expires before its first page', async () => {
    const { api, created } = await startJobs([{ ids: IDS, pages: 0 }, { ids: IDS }], 410);
    const { base, ids, cursor } = await output(api, { pageSize: 5 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(5) }), 'ERR_INTERRUPTED');
    expect(await cursor()).toEqual({ job: '2', cursor: '5' });
    await exportRecords(base);
    expect(await ids()).toEqual(IDS);
    expect(created()).toBe(2);
  });

  it('recognises the expiry by the state of the job if its results return 400', async () => {
    const { api, created } = await startJobs([{ ids: IDS, pages: 1 }, { ids: IDS }], 400);
    const { base, ids } = await output(api, { pageSize: 5 });
    await exportRecords(base);
    expect(await ids()).toEqual(IDS);
    expect(created()).toBe(2);
  });

  it('fails after three expiries without progress, and keeps the written records', async () => {
    const { api, created } = await startJobs([{ ids: IDS, pages: 2 }]);
    const { base, ids } = await output(api, { pageSize: 2 });
    const error = await failure(exportRecords(base), 'ERR_JOB');
    expect(error.message).toContain('expired 3 times in a row without getting further than 4 records');
    expect(error.resumable).toBe(true);
    expect(created()).toBe(4);
    expect(await ids()).toEqual(IDS.slice(0, 4));
  });

  it('fails if three jobs in a row expire before they are ready', async () => {
    const { api, created } = await startJobs([{ ids: IDS, state: 'EXPIRED' }]);
    const { base } = await output(api);
    await failure(exportRecords(base), 'ERR_JOB');
    expect(created()).toBe(3);
  });
});

describe('when a response is invalid', () => {
  it.each([
    ['status response', `${JOBS}/1`, 200, { state: 'DONE' }, 'unknown state "DONE"'],
    ['status response', `${JOBS}/1`, 200, {}, 'unknown state undefined'],
    ['results response', `${JOBS}/1/results`, 200, {}, 'without conversations. It has no members'],
    [
      'results response',
      `${JOBS}/1/results`,
      200,
      { conversations: null, dataAvailabilityDate: 'x' },
      'whose conversations is',
    ],
    [
      'results response',
      `${JOBS}/1/results`,
      200,
      { cursor: 'a', dataAvailabilityDate: 'x' },
      'without conversations',
    ],
    ['results response', `${JOBS}/1/results`, 200, { conversations: [], cursor: 7 }, 'an invalid cursor: 7'],
    ['results response', `${JOBS}/1/results`, 200, { conversations: [{}] }, 'without a conversationId'],
    ['results response', `${JOBS}/1/results`, 200, '<html>', 'returned 200 with'],
    ['availability response', `${JOBS}/availability`, 200, {}, 'returned no dataAvailabilityDate'],
  ])('fails for a %s from %s with %i %j', async (_, path, status, body, message) => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    answers[path] = (response) => sendJson(response, status, body);
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });

  it('fails if the cursors of the results form a loop', async () => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    answers[`${JOBS}/1/results`] = (response) =>
      sendJson(response, 200, { conversations: [], cursor: 'same' });
    const { base } = await output(api);
    await failure(exportRecords(base), 'ERR_PAGE_LOOP');
  });

  it('accepts results without conversations if they contain a dataAvailabilityDate', async () => {
    const { api, answers } = await startJobs([{ ids: IDS }]);
    answers[`${JOBS}/1/results`] = (response) =>
      sendJson(response, 200, { dataAvailabilityDate: '2023-10-09' });
    const { base } = await output(api);
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
  });
});

it('genesysConversationJobs lists all invalid options in one error', () => {
  const now = Date.parse('2023-10-05T00:00Z');
  expect(() =>
    genesysConversationJobs({
      interval: INTERVAL,
      pageSize: 0,
      query: { interval: 'x' },
      maxWait: -1,
      clock: createManualClock(now),
    }),
  ).toThrow(/future(.|\n)*query.interval must be set with(.|\n)*pageSize must be(.|\n)*maxWait must be/);
  expect(() => genesysConversationJobs(undefined as never)).toThrow(/interval/);
});
