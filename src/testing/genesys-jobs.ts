import { genesysError } from './errors.ts';
import { readFilters } from './filters.ts';
import {
  JSON_TYPE,
  json,
  packCursor,
  parseObject,
  type Reply,
  type Route,
  unpackCursor,
  wholeNumber,
} from './http.ts';
import { parseInterval } from './iso-time.ts';
import { STREAMS } from './random.ts';
import { jsonOf, readFrom, type Selection, selectConversations } from './selection.ts';
import type { DetailsJobState, DetailsJobStatus } from './wire-types.ts';
import type { World } from './world.ts';

interface Job {
  id: string;
  number: number;
  selection: Selection;
  /** Date up to which the job has data. */
  availability: string;
  submitted: number;
  expires: number;
  polls: number;
  outcome: DetailsJobState;
  cancelled: boolean;
}

/** The details jobs of one simulator. */
export interface DetailsJobs {
  routes: Route[];
  /** Sets all existing jobs to EXPIRED. */
  expire(): void;
}

const JOBS = '/api/v2/analytics/conversations/details/jobs';
const JOB = /^\/api\/v2\/analytics\/conversations\/details\/jobs\/([\w-]+)$/;
const RESULTS = /^\/api\/v2\/analytics\/conversations\/details\/jobs\/([\w-]+)\/results$/;
const MAX_JOBS = 1000;
const MAX_PAGE = 10_000;

/** Creates the details jobs, which run asynchronously, return pages forward only, and expire. */
export function createDetailsJobs(world: World): DetailsJobs {
  const { settings, dataset } = world;
  const jobs = new Map<string, Job>();
  let created = 0;
  const availability = () => new Date(settings.availability()).toISOString();

  const stateOf = (job: Job): DetailsJobState => {
    if (settings.now() >= job.expires) return 'EXPIRED';
    if (job.cancelled) return 'CANCELLED';
    if (job.polls > settings.jobPolls || settings.jobPolls === 0) return job.outcome;
    return job.polls <= 1 ? 'QUEUED' : 'PENDING';
  };

  const create = (body: string): Reply => {
    const query = parseObject(body);
    const interval = typeof query?.interval === 'string' ? parseInterval(query.interval) : undefined;
    if (!interval) return genesysError(400, 'bad.request', 'interval is required as ISO 8601 start/end.');
    const matching = query?.startOfDayIntervalMatching === true ? 'activity' : 'overlap';
    const filter = readFilters(query ?? {});
    if (typeof filter === 'string') return genesysError(400, 'bad.request', filter);
    // A job returns the data as of its submission, however long its results are read.
    const until = settings.availability();
    const at = settings.dataNow() === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : until;
    const selection = selectConversations(world, { ...interval, matching, at, filter });
    const number = ++created;
    const id = world.hash.uuid(STREAMS.detailsJob, number);
    jobs.set(id, {
      id,
      number,
      selection: { ...selection, to: Math.min(selection.to, dataset.firstStartingAt(until)) },
      availability: new Date(until).toISOString(),
      submitted: settings.now(),
      expires: settings.now() + settings.jobLifetime,
      polls: 0,
      outcome: settings.jobOutcome(number),
      cancelled: false,
    });
    // Limit the memory of a simulator that runs for weeks.
    if (jobs.size > MAX_JOBS) for (const oldest of [...jobs.keys()].slice(0, 1)) jobs.delete(oldest);
    return json(202, { jobId: id });
  };

  const status = (job: Job): Reply => {
    job.polls++;
    const state = stateOf(job);
    const body: DetailsJobStatus = {
      state,
      submissionDate: new Date(job.submitted).toISOString(),
      expirationDate: new Date(job.expires).toISOString(),
      ...(state === 'FULFILLED' && { completionDate: new Date(settings.now()).toISOString() }),
      ...(state === 'FAILED' && { errorMessage: 'The query failed on the server.' }),
    };
    return json(state === 'QUEUED' || state === 'PENDING' ? 202 : 200, body);
  };

  const results = (job: Job, query: URLSearchParams): Reply => {
    const state = stateOf(job);
    if (state === 'EXPIRED') return genesysError(404, 'not.found', 'The job has expired. Create a new job.');
    if (state !== 'FULFILLED')
      return genesysError(400, 'bad.request', `The job has no results, because its state is ${state}.`);
    const pageSize = wholeNumber(query.get('pageSize')) ?? 1000;
    if (!(pageSize >= 1 && pageSize <= MAX_PAGE)) {
      return genesysError(400, 'bad.request', `pageSize must be between 1 and ${MAX_PAGE}.`);
    }
    const from = query.get('cursor');
    const [number, start] = from === null ? [job.number, job.selection.from] : (unpackCursor(from, 2) ?? []);
    if (number !== job.number || start === undefined || start < job.selection.from) {
      return genesysError(400, 'bad.request', 'The cursor does not belong to this job.');
    }
    const { next, ...page } = readFrom(job.selection, start, pageSize);
    const cursor = next === undefined ? '' : `"cursor":"${packCursor(job.number, next)}",`;
    return {
      status: 200,
      headers: JSON_TYPE,
      body: `{"conversations":[${jsonOf(world, job.selection, page)}],${cursor}"dataAvailabilityDate":"${job.availability}"}`,
      records: page.count,
    };
  };

  const withJob = (handle: (job: Job, query: URLSearchParams) => Reply): Route['handle'] => {
    return ({ query }, [id = '']) => {
      const job = jobs.get(id);
      return job ? handle(job, query) : genesysError(404, 'not.found', 'Unknown job ID.');
    };
  };

  return {
    expire() {
      for (const job of jobs.values()) job.expires = Math.min(job.expires, settings.now());
    },
    routes: [
      { method: 'POST', path: JOBS, handle: ({ body }) => create(body) },
      {
        method: 'GET',
        path: `${JOBS}/availability`,
        handle: () => json(200, { dataAvailabilityDate: availability() }),
      },
      { method: 'GET', path: JOB, handle: withJob(status) },
      { method: 'GET', path: RESULTS, handle: withJob(results) },
      {
        method: 'DELETE',
        path: JOB,
        handle: withJob((job) => {
          job.cancelled = true;
          return { status: 204, body: '' };
        }),
      },
    ],
  };
}
