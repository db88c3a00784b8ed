import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint, saveCheckpoint } from '../../../src/batch/checkpoint.ts';
import { lockPath } from '../../../src/batch/days/run-lock.ts';
import {
  BatchError,
  type CheckpointStore,
  type Day,
  DaysError,
  exportDays,
  jsonLinesFile,
  listDays,
  type PageSource,
  type Sink,
} from '../../../src/batch/index.ts';
import { pendingDays } from '../../../src/batch/internal.ts';
import { ConfigurationError } from '../../../src/core/index.ts';
import { failure, memorySink, temporaryDirectory } from '../../support/batch.ts';
import { clockAt, type DayRecord, dayFiles, daySource, pathOf, recordsOf } from '../../support/day-files.ts';
import { startApi } from '../../support/exporting.ts';

type Options = Parameters<typeof dayFiles>[1];

/** Returns a source whose `read` fails for some dates. */
function failingSource(errors: Record<string, () => Error>): NonNullable<Options['source']> {
  return (day) => {
    const error = errors[day.date];
    return daySource(day, recordsOf, error && { read: () => failing(error()) });
  };
}

// biome-ignore lint/correctness/useYield: the source fails before its first page.
async function* failing(error: Error): ReturnType<PageSource<DayRecord>['read']> {
  throw error;
}

const refused = (status: number) => () =>
  new axios.AxiosError('refused', 'ERR_BAD_REQUEST', undefined, undefined, {
    status,
    statusText: '',
    data: '',
    headers: {},
    config: {} as never,
  });

async function daysError(run: Promise<unknown>): Promise<DaysError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DaysError)) throw error;
  return error;
}

const FIVE = { days: '2026-10-01/2026-10-05' };
/** Five days that have ended by the system clock. */
const PAST = { days: '2023-10-01/2023-10-05', clock: undefined };
const statuses = ({ outcomes }: DaysError) => outcomes.map(({ status }) => status);

describe('exportDays', () => {
  it('exports new days from the oldest on, and then the last complete days again', async () => {
    const directory = await temporaryDirectory();
    await dayFiles(directory, { days: '2026-10-01/2026-10-03' });
    const order: string[] = [];
    const onDay: Options['onDay'] = ({ day }) => void order.push(day.date.slice(-2));
    const { days } = await dayFiles(directory, { ...FIVE, reread: 2, onDay });
    expect(order).toEqual(['04', '05', '02', '03']);
    expect(days.map(({ summary }) => summary.alreadyComplete)).toEqual([true, false, false, false, false]);
  });

  it('exports the other days if a day fails, and only the failed day in the next run', async () => {
    const directory = await temporaryDirectory();
    const error = await daysError(
      dayFiles(directory, { ...FIVE, source: failingSource({ '2026-10-02': refused(500) }) }),
    );
    expect(statuses(error)).toEqual(['complete', 'failed', 'complete', 'complete', 'complete']);
    expect(error).toMatchObject({ code: 'ERR_DAYS', name: 'DaysError', resumable: true, permanent: false });
    expect(error.message).toMatch(/^1 of 5 days failed\. 2026-10-02: GET .* returned 500/);
    expect(JSON.parse(JSON.stringify(error)).outcomes).toHaveLength(5);
    const order: string[] = [];
    await dayFiles(directory, { ...FIVE, onDay: ({ day }) => void order.push(day.date) });
    expect(order).toEqual(['2026-10-02']);
  });

  it.each([
    { what: 'reread', options: { reread: 2 }, again: ['02', '03', '04'] },
    { what: 'started over', options: { restart: true }, again: ['01', '02', '03'] },
  ])('finishes the days that an interrupted run had $what', async ({ options, again }) => {
    const directory = await temporaryDirectory();
    await dayFiles(directory, { days: '2026-10-01/2026-10-03' });
    const days = '2026-10-01/2026-10-04';
    const abort = new AbortController();
    const onDay = () => abort.abort();
    await failure(dayFiles(directory, { days, ...options, onDay, signal: abort.signal }), 'ERR_INTERRUPTED');
    const order: string[] = [];
    const next = 'reread' in options ? options : {};
    await dayFiles(directory, { days, ...next, onDay: ({ day }) => void order.push(day.date.slice(-2)) });
    expect(order).toEqual(again);
    const left = (await readdir(directory)).filter((name) => name.includes('unfinished'));
    expect(left).toEqual([]);
  });

  const ending: { what: string; error: () => Error }[] = [
    { what: 'the API refuses the credentials with 401', error: refused(401) },
    { what: 'the API refuses the credentials with 403', error: refused(403) },
    { what: 'the API asks to wait for too long', error: () => new BatchError('throttled', 'ERR_THROTTLED') },
    {
      what: 'the disk is full',
      error: () =>
        new BatchError('full', 'ERR_OUTPUT', { cause: Object.assign(new Error(), { code: 'ENOSPC' }) }),
    },
  ];
  it.each(ending)('does not start further days if $what', async ({ error }) => {
    const directory = await temporaryDirectory();
    const thrown = await daysError(
      dayFiles(directory, { ...FIVE, source: failingSource({ '2026-10-02': error }) }),
    );
    expect(statuses(thrown)).toEqual(['complete', 'failed', 'not-started', 'not-started', 'not-started']);
    expect(thrown.message).toContain('1 of 5 days failed, and 3 were not started. 2026-10-02: ');
    expect(thrown.resumable).toBe(true);
  });

  it('ends with the error of a callback, and with the interruption of the signal', async () => {
    const directory = await temporaryDirectory();
    const onProgress = () => {
      throw new Error('from onProgress');
    };
    const error = await failure(dayFiles(directory, { ...FIVE, onProgress }), 'ERR_CALLBACK');
    expect(error.message).toBe('from onProgress');
    const abort = new AbortController();
    const onDay = () => abort.abort();
    await failure(dayFiles(directory, { ...FIVE, onDay, signal: abort.signal }), 'ERR_INTERRUPTED');
    expect(await readdir(directory)).not.toContain('c-2026-10-02.jsonl');
  });

  it('refuses a second run over other days of the same files, which changes nothing', async () => {
    const directory = await temporaryDirectory();
    let second: Promise<BatchError> | undefined;
    const onProgress = async () => {
      second ??= failure(dayFiles(directory, { days: '2026-10-09' }), 'ERR_LOCKED');
      await second;
    };
    await dayFiles(directory, { ...FIVE, onProgress });
    expect((await second)?.message).toContain('c-{date}.jsonl.lock');
    expect(await readdir(directory)).not.toContain('c-2026-10-09.jsonl');
    expect((await readdir(directory)).filter((name) => name.includes('{date}'))).toEqual([]);
  });

  it('keeps one rate for all days', async () => {
    const { url, requests } = await startApi(({ path }) => ({ id: path }));
    const times: number[] = [];
    const source = (day: Day): PageSource<DayRecord> =>
      daySource(day, recordsOf, {
        async *read({ request }) {
          await request({ url: '/' });
          times.push(performance.now());
          yield { items: [] };
        },
      });
    const api = axios.create({ baseURL: url, proxy: false });
    await dayFiles(await temporaryDirectory(), { ...PAST, api, source, rate: { requests: 1, interval: 50 } });
    expect(requests).toHaveLength(5);
    // Timers can be a millisecond early.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(4 * 50 - 50);
  });

  it('waits for the end of an outage between two days', async () => {
    let failures = 1;
    const { url, requests } = await startApi(({ path }, response) => {
      if (path === '/2023-10-02' && failures-- > 0) response.writeHead(503).end();
      return {};
    });
    const source = (day: Day): PageSource<DayRecord> =>
      daySource(day, recordsOf, {
        async *read({ request }) {
          await request({ url: `/${day.date}` });
          yield { items: [] };
        },
      });
    const api = axios.create({ baseURL: url, proxy: false });
    await dayFiles(await temporaryDirectory(), { ...PAST, api, source, maxOutage: 60_000, random: () => 0 });
    expect(requests).toHaveLength(6);
  });

  it('warns about records that do not say when they began, and writes them', async () => {
    const source: Options['source'] = (day) =>
      daySource(day, recordsOf, { startedAt: ({ id, at }) => (id.endsWith(' 3') ? undefined : at) });
    const summary = await dayFiles(await temporaryDirectory(), { ...FIVE, source });
    expect(summary).toMatchObject({ records: 25, outside: 10, stated: 35 });
    expect(summary.warnings).toHaveLength(5);
    expect(summary.warnings[0]).toBe(
      '2026-10-01: 1 record did not say when it began, so the export contains every such record that the API returned: the export of a ' +
        'neighbouring day may contain it too',
    );
  });

  it.each(['yesterday', { since: '2026-10-01' }])(
    'exports the days of its start if %j is over midnight',
    async (days) => {
      const clock = clockAt('2026-10-02T23:59:59Z');
      const source = (day: Day) => {
        clock.shift(60_000);
        return daySource(day, recordsOf);
      };
      const summary = await dayFiles(await temporaryDirectory(), { days, clock, source });
      expect(summary.days.map(({ day }) => day.date)).toEqual(['2026-10-01']);
    },
  );

  it('does nothing if no day has ended', async () => {
    const clock = clockAt('2026-10-01T12:00Z');
    const summary = await dayFiles('/nowhere', { days: { since: '2026-10-01' }, clock });
    expect(summary).toMatchObject({ days: [], records: 0, warnings: [] });
  });

  it('lists all invalid options', async () => {
    const run = exportDays({ reread: -1, checkpoint: 'x' } as never);
    await expect(run).rejects.toThrow(
      /^exportDays: api must be .*; days must be .*; source must be .*; sink must be .*; reread must be .*; unknown option checkpoint/,
    );
  });

  const sinks: { what: string; sink: () => Sink; problem: RegExp }[] = [
    {
      what: 'two days have the same file',
      sink: () => jsonLinesFile('c.jsonl'),
      problem: /the same file for 2026-10-01 and 2026-10-02/,
    },
    {
      what: 'a sink has neither a path nor a checkpoint',
      sink: memorySink,
      problem: /a path or a checkpoint/,
    },
    {
      what: 'a sink of a file cannot write to another file',
      sink: () => ({ ...jsonLinesFile('c.jsonl'), at: undefined as never }),
      problem: /the method at/,
    },
  ];
  it.each(sinks)('refuses the options if $what', async ({ sink, problem }) => {
    const run = dayFiles('/nowhere', { ...FIVE, sink });
    await expect(run).rejects.toThrow(problem);
    await expect(run).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('resumes and repeats days whose sink stores the checkpoint', async () => {
    const store = new Map<string, string>();
    const opened: unknown[] = [];
    const sink = ({ date }: Day): Sink<DayRecord> => {
      const checkpoint: CheckpointStore = {
        load: async () => store.get(date),
        save: async (text) => void store.set(date, text),
      };
      return {
        format: 'store',
        checkpoint,
        async open(position) {
          opened.push([date, position]);
          return {
            write: async () => {},
            save: async () => 'saved',
            finish: async () => {},
            close: async () => {},
          };
        },
      };
    };
    const run = (options: Options) =>
      dayFiles('/nowhere', { days: '2026-10-01/2026-10-02', sink, ...options });
    await run({});
    await run({});
    expect(opened).toEqual([
      ['2026-10-01', undefined],
      ['2026-10-02', undefined],
    ]);
    const abort = new AbortController();
    const onProgress = () => abort.abort();
    await failure(run({ reread: 1, signal: abort.signal, onProgress }), 'ERR_INTERRUPTED');
    await run({});
    expect(opened.slice(2)).toEqual([
      ['2026-10-02', undefined],
      ['2026-10-02', 'saved'],
    ]);
  });
});

describe('pendingDays', () => {
  const base = (directory: string) => ({
    source: (day: Day) => daySource(day, recordsOf),
    sink: ({ date }: Day) => jsonLinesFile(pathOf(directory, date)),
    clock: clockAt('2026-11-01T00:00Z'),
  });
  const dates = (days: readonly Day[]) => days.map(({ date }) => date.slice(-2));

  it('returns new, unfinished and reread days, for any account if none is given', async () => {
    const directory = await temporaryDirectory();
    await dayFiles(directory, { days: '2026-10-01/2026-10-03', account: 'one' });
    const pending = async (reread: number, account?: string) =>
      dates(await pendingDays({ ...base(directory), ...FIVE, reread, account }));
    expect(await pending(0)).toEqual(['04', '05']);
    expect(await pending(2)).toEqual(['04', '05', '02', '03']);
    expect(await pending(0, 'one')).toEqual(['04', '05']);
    expect(await pending(0, 'two')).toEqual(['01', '02', '03', '04', '05']);
    await rename(pathOf(directory, '2026-10-01'), `${pathOf(directory, '2026-10-01')}.unfinished`);
    await writeFile(`${pathOf(directory, '2026-10-01')}.unfinished.checkpoint`, '');
    expect(await pending(0)).toEqual(['04', '05', '01']);
  });

  it('reads the states of 400 complete days in less than a second of processor time', async () => {
    const directory = await temporaryDirectory();
    await dayFiles(directory, { days: '2025-09-27' });
    const saved = await readFile(`${pathOf(directory, '2025-09-27')}.checkpoint`, 'utf8');
    const { subject, state } = parseCheckpoint<object>('', saved);
    const days = listDays({ since: '2025-09-27' }, { clock: clockAt('2026-11-01T00:00Z') });
    expect(days).toHaveLength(400);
    for (const { date, interval } of days) {
      const path = pathOf(directory, date);
      await writeFile(path, '');
      const query = { startedWithin: interval, query: interval };
      const save = (text: string) => writeFile(`${path}.checkpoint`, text);
      await saveCheckpoint({ load: async () => undefined, save }, { ...subject, query }, state);
    }
    const before = process.cpuUsage();
    const options = { ...base(directory), days: { since: '2025-09-27' }, account: 'http://127.0.0.1:9' };
    expect(await pendingDays(options)).toEqual([]);
    // The load of the machine does not change the processor time, which is about 200 ms.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});

describe('lockPath', () => {
  it.each([
    ['/out/c-2026-10-01.jsonl', '/out/c-{date}.jsonl.lock'],
    ['/out/20261001.jsonl', '/out/{date}.jsonl.lock'],
    ['/out/2026-10-01/c.jsonl', '/out/{date}_c.jsonl.lock'],
    ['/out/2026/10/01.jsonl', '/out/{date}.jsonl.lock'],
    ['/out/2026-10-02.jsonl', '/out/2026-10-02.jsonl.lock'],
  ])('turns %s into %s', (path, lock) => {
    expect(lockPath(path, '2026-10-01')).toBe(lock);
  });

  it('is the same for all days of a run', () => {
    const path = (date: string) => lockPath(join('/out', `c-${date}.jsonl`), date);
    expect(path('2026-10-01')).toBe(path('2026-10-31'));
  });
});
