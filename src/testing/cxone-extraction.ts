import { cxoneError } from './errors.ts';
import { json, parseObject, type Reply, type Route } from './http.ts';
import { parseTime } from './iso-time.ts';
import { STREAMS } from './random.ts';
import type { Dataset } from './records.ts';
import { completedIn, indexesOf, type Selection } from './selection.ts';
import type { World } from './world.ts';

interface Extraction {
  number: number;
  selection: Selection;
  expires: number;
  polls: number;
  outcome: string;
}

/** The data extraction of one simulator: jobs on the API, and files on the file host. */
export interface Extractions {
  apiRoutes: Route[];
  fileRoutes: Route[];
  expire(): void;
}

const JOBS = '/data-extraction/v1/jobs';
const JOB = /^\/data-extraction\/v1\/jobs\/([\w-]+)$/;
const FILE = /^\/extracts\/([\w-]+)\.csv$/;
const MAX_JOBS = 1000;
const OUTCOMES: Record<string, string> = { FULFILLED: 'SUCCEEDED' };

/** Creates the data extraction jobs. A finished job returns the URL of a file on another host. */
export function createExtractions(world: World): Extractions {
  const { settings, dataset, counter } = world;
  const jobs = new Map<string, Extraction>();
  let created = 0;

  const statusOf = (job: Extraction) => {
    if (settings.now() >= job.expires) return 'EXPIRED';
    return job.polls > settings.jobPolls ? job.outcome : 'RUNNING';
  };

  const create = (text: string): Reply => {
    const body = parseObject(text);
    const start = parseTime(String(body?.startDate));
    const end = parseTime(String(body?.endDate));
    if (start === undefined || end === undefined || start > end) {
      return cxoneError(400, 'startDate and endDate are required in ISO 8601');
    }
    if (typeof body?.entityName !== 'string') return cxoneError(400, 'entityName is required');
    const number = ++created;
    const id = world.hash.uuid(STREAMS.extractionJob, number);
    const outcome = settings.jobOutcome(number);
    jobs.set(id, {
      number,
      selection: completedIn(dataset, { start, end, at: settings.dataNow() }),
      expires: settings.now() + settings.jobLifetime,
      polls: 0,
      outcome: OUTCOMES[outcome] ?? outcome,
    });
    if (jobs.size > MAX_JOBS) for (const oldest of [...jobs.keys()].slice(0, 1)) jobs.delete(oldest);
    // The response is the ID as a JSON string, not an object.
    return json(202, id);
  };

  const status = (id: string): Reply => {
    const job = jobs.get(id);
    if (!job) return cxoneError(404, 'Unknown job ID');
    job.polls++;
    const state = statusOf(job);
    const result = state === 'SUCCEEDED' && {
      result: { url: `${world.filesUrl}/extracts/${id}.csv?signature=${job.number}` },
    };
    return json(200, { jobId: id, jobStatus: { status: state, ...result } });
  };

  const file = (id: string): Reply => {
    const job = jobs.get(id);
    if (!job || statusOf(job) !== 'SUCCEEDED') return { status: 404, body: '' };
    counter.counts.filesServed++;
    const headers = { 'content-type': 'text/csv' };
    const { selection } = job;
    return { status: 200, headers, body: csv(dataset, selection), records: indexesOf(selection).length };
  };

  return {
    expire() {
      for (const job of jobs.values()) job.expires = Math.min(job.expires, settings.now());
    },
    apiRoutes: [
      { method: 'POST', path: JOBS, handle: ({ body }) => create(body) },
      { method: 'GET', path: JOB, handle: (_, [id = '']) => status(id) },
    ],
    fileRoutes: [{ method: 'GET', path: FILE, handle: (_, [id = '']) => file(id) }],
  };
}

function* csv(dataset: Dataset, selection: Selection): Generator<string> {
  yield `${Object.keys(dataset.completedContact(0) ?? {}).join(',')}\n`;
  for (const index of indexesOf(selection)) {
    yield `${Object.values(dataset.completedContact(index, selection.at) ?? {}).join(',')}\n`;
  }
}
