import axios from 'axios';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  childrenSource,
  cursorSource,
  jobSource,
  type PageSource,
  pageNumberSource,
  sliceSource,
  startedWithin,
} from '../../../src/batch/index.ts';
import { exportInRuns, startApi } from '../../support/exporting.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { sendJson } from '../../support/server.ts';

const INTERVAL = '2026-10-01/2026-10-04';
const START = Date.parse('2026-10-01T00:00Z');
const HOUR = 3_600_000;
const clock = createManualClock(Date.parse('2026-11-01T00:00Z'));

/** Records of the three slices. A record of a slice can begin before it. */
interface Plan {
  days: { id: string; at: string }[][];
  /** How many requests for results a job answers before it expires, for each job in turn. */
  lives: number[];
  stops: number[];
  readAhead: number;
}

const record = fc
  .nat(20)
  .map((n) => ({ id: `/${n}é`, at: new Date(START + (n * 5 - 30) * HOUR).toISOString() }));

const plans: fc.Arbitrary<Plan> = fc.record({
  days: fc.tuple(...[0, 1, 2].map(() => fc.uniqueArray(record, { maxLength: 7, selector: ({ id }) => id }))),
  lives: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  stops: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
  readAhead: fc.constantFrom(0, 3),
});

/** Starts an API that lists the records of a day directly, as results of jobs, and as children of the ids of a day. */
async function startRecords({ days, lives }: Plan) {
  const jobs: { day: number; life: number }[] = [];
  return startApi(({ path, query, body }, response) => {
    const list = (all: readonly object[]) => {
      const [number, size] = [Number(query.pageNumber ?? query.cursor ?? 1), 2];
      const isLast = number * size >= all.length;
      return {
        records: all.slice((number - 1) * size, number * size),
        total: all.length,
        ...(!isLast && { cursor: String(number + 1) }),
      };
    };
    const dayOf = (from: unknown) => (Date.parse(String(from)) - START) / (24 * HOUR);
    const [, kind, id, results] = path.split('/');
    if (kind === 'days') return list(days[dayOf(query.from)] ?? []);
    if (kind === 'parents') return list([0, 1].map((n) => ({ id: `${decodeURIComponent(id ?? '')}-${n}` })));
    if (id === undefined) {
      jobs.push({ day: dayOf(Object(body).from), life: lives[jobs.length] ?? Number.POSITIVE_INFINITY });
      return { id: `job.${jobs.length}` };
    }
    const job = jobs[Number(id.split('.')[1]) - 1];
    if (job === undefined || job.life < 1) return sendJson(response, 404, {});
    if (results === undefined) return { state: 'READY' };
    job.life--;
    return list(days[job.day] ?? []);
  });
}

const PAGES = { items: 'records', total: 'total', id: 'id' };
type Read = { id: string; at: string };

const daySource = (from: string) =>
  pageNumberSource({ ...PAGES, url: '/days', params: { from }, startedAt: 'at' }) as PageSource<Read>;

const jobOfDay = (from: string) =>
  jobSource({
    pollDelay: 1,
    create: { url: '/jobs', data: { from, token: 'hidden' }, id: 'id' },
    status: { url: '/jobs/{job}', state: 'state', running: ['RUNNING'], ready: ['READY'] },
    results: (job) =>
      cursorSource({ ...PAGES, url: `/jobs/${job}/results`, cursor: 'cursor', startedAt: 'at' }),
  }) as PageSource<Read>;

const sliced = (source: (from: string) => PageSource<Read>) =>
  sliceSource<Read>({ interval: INTERVAL, slice: 'P1D', clock, source: ({ start }) => source(start) });

const first = <T>(all: readonly T[], keyOf: (item: T) => string) =>
  [...new Map(all.toReversed().map((item) => [keyOf(item), item])).values()].toReversed();

/** Sources that combine others, and the ids that they must write, in order. */
const COMPOSED: readonly [string, (plan: Plan) => PageSource, (plan: Plan) => string[]][] = [
  [
    'slices of jobs',
    () => sliced(jobOfDay),
    ({ days }) => first(days.flat(), ({ id }) => id).map(({ id }) => id),
  ],
  [
    'children of slices',
    () =>
      childrenSource<Read>({
        parents: sliced(daySource),
        children: ({ id }) => pageNumberSource({ ...PAGES, url: `/parents/${encodeURIComponent(id)}` }),
        parentField: 'parent',
      }),
    ({ days }) => first(days.flat(), ({ id }) => id).flatMap(({ id }) => [`${id}-0`, `${id}-1`]),
  ],
  [
    'children of slices of jobs',
    () =>
      childrenSource<Read>({
        parents: sliced(jobOfDay),
        children: ({ id }) => pageNumberSource({ ...PAGES, url: `/parents/${encodeURIComponent(id)}` }),
        parentField: 'parent',
      }),
    ({ days }) => first(days.flat(), ({ id }) => id).flatMap(({ id }) => [`${id}-0`, `${id}-1`]),
  ],
  [
    'slices within an interval',
    () => startedWithin(sliced(daySource), INTERVAL),
    ({ days }) =>
      first(
        days.flat().filter(({ at }) => Date.parse(at) >= START),
        ({ id }) => id,
      ).map(({ id }) => id),
  ],
];

it.each(COMPOSED)(
  'writes each record of %s once, also if runs are interrupted and jobs expire',
  async (_, sourceOf, expected) => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { url } = await startRecords(plan);
        const source = sourceOf(plan);
        expect(JSON.stringify(source.query)).not.toContain('hidden');
        const api = axios.create({ baseURL: url, proxy: false });
        const { text } = await exportInRuns(source, api, plan.stops, { readAhead: plan.readAhead });
        const ids = text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line).id);
        // A job that expires is read again, so that its records can come in another order than in one run.
        expect(ids.toSorted()).toEqual(expected(plan).toSorted());
      }),
      { numRuns: Number(process.env.RUNS ?? 6) },
    );
  },
);
