import { type AxiosRequestConfig, isAxiosError } from 'axios';
import { ExactNumber } from '../json/exact-number.ts';
import { toJson } from '../json/to-json.ts';
import { objectOf, shown, unexpected } from './answer.ts';
import { isJobId, type JobEnd, orGone, readExpiringJob } from './expiring-job.ts';
import { type JobOptions, type JobStatusOptions, readJobOptions } from './job-options.ts';
import { valueAt } from './member-path.ts';
import { describeRequest } from './paged-request.ts';
import { savedCursor } from './saved-cursor.ts';
import { requestQuery } from './secret-params.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';

const JOB_DEFAULTS = { name: 'job' } as const;

/** The position of an export. */
type State = {
  readonly job: string;
  /** The cursor of the page of results; null before the first page. */
  readonly page: Json;
};

// An id for `results` before a job exists: its source describes the results in the query of the checkpoint.
const ANY_JOB = 'job';

/**
 * Returns a source that reads the results of a job that the API runs in the background. The source creates the job, waits for the end of the
 * job, and reads the results page by page.
 *
 * The checkpoint contains the id of the job and the position in its results. If the job expires, or the API no longer knows it, the source
 * creates a new one; records with an id that were already written are skipped. A job that failed in an earlier run is created again.
 *
 * The requests go to the origin of the API only. If the results are a file on another host, write a source of your own.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * jobSource({
 *   create: { url: '/jobs', data: { kind: 'users' }, id: 'jobId' },
 *   status: { url: '/jobs/{job}', state: 'state', running: ['PENDING'], ready: ['DONE'], failed: ['FAILED'] },
 *   results: (job) => cursorSource({ url: `/jobs/${job}/results`, items: 'users', cursor: 'cursor', id: 'id' }),
 * })
 */
export function jobSource(options: JobOptions): PageSource {
  const own = readJobOptions(options);
  const { name = JOB_DEFAULTS.name, create, status } = own;
  const anyResults = own.results(ANY_JOB);
  const what = `the job of the source ${name}`;

  async function createJob({ request }: SourceContext): Promise<State> {
    const { url, params, data } = create;
    const label = describeRequest({ method: 'post', url });
    // Idempotent in effect: a second job is never read.
    const config: AxiosRequestConfig = {
      method: 'post',
      url,
      ...(params && { params }),
      ...(data && { data }),
      responseType: 'json',
      authRefresh: { idempotent: true },
    };
    const response = await request(config, { exactNumbers: true });
    const id = valueAt(objectOf(response, label), create.id);
    const job = typeof id === 'number' || id instanceof ExactNumber ? String(id) : id;
    if (!isJobId(job))
      throw unexpected(label, `returned ${shown(id)} as ${create.id}, which is not the id of a job`);
    return { job, page: null };
  }

  function pagesOf(context: SourceContext, from: State | undefined): AsyncGenerator<Page, void> {
    let reading: { state: State; pages: AsyncIterator<Page> } | undefined;
    let isEmpty = true;
    let stated: number | undefined;

    /** Continues the reading of the results if the state follows the last page, and begins it otherwise. */
    function nextPage(state: State): Promise<IteratorResult<Page>> {
      if (reading?.state !== state) {
        const at = { ...context, from: state.page ?? undefined };
        reading = { state, pages: own.results(state.job).read(at)[Symbol.asyncIterator]() };
        isEmpty = true;
        stated = undefined;
      }
      return reading.pages.next();
    }

    async function read(state: State): Promise<Page | 'expired'> {
      const hasExpired = async () => (await check(context, status, state.job))?.state === 'expired';
      const result = await orGone(nextPage(state)).catch(async (error: unknown) => {
        // An API can answer 400 to a request for the results of an expired job.
        if (isAxiosError(error) && error.response?.status === 400 && (await hasExpired())) return undefined;
        throw error;
      });
      if (result === undefined) return 'expired';
      const page: Page = result.done ? { items: [] } : result.value;
      stated = page.stated ?? stated;
      isEmpty &&= page.items.length === 0;
      if (page.next === undefined) {
        // A job that has just expired may also return an empty page.
        return isEmpty && (await hasExpired()) ? 'expired' : { ...page, stated };
      }
      const next: State = { job: state.job, page: page.next };
      if (reading) reading.state = next;
      // The export checks the total at the end: it would miss the rest of a job that expires.
      return {
        ...page,
        stated: undefined,
        next,
        nextKey: `${state.job} ${page.nextKey ?? toJson(page.next)}`,
      };
    }

    return readExpiringJob(
      context,
      own,
      {
        what,
        advice: 'Check the request that creates the job',
        create: () => createJob(context),
        check: (job: string) => check(context, status, job),
        read,
        onExpired() {
          reading = undefined;
        },
        close: async () => void (await reading?.pages.return?.()),
      },
      from,
    );
  }

  return {
    name,
    query: {
      create: requestQuery(create, { id: create.id }),
      results: anyResults.query,
    },
    ...(anyResults.identify && { identify: (item) => anyResults.identify?.(item) }),
    ...(anyResults.startedAt && { startedAt: (item) => anyResults.startedAt?.(item) }),
    read: (context) => pagesOf(context, savedCursor<State>(name, context.from, isState)),
  };
}

function isState({ job, page, ...more }: Partial<State>): boolean {
  return isJobId(job) && page !== undefined && Object.keys(more).length === 0;
}

/** Requests the status of a job. @returns undefined while the job is running. */
async function check(
  { request }: SourceContext,
  { url, state: path, running, ready, failed, expired, message }: JobStatusOptions,
  job: string,
): Promise<JobEnd | undefined> {
  const own = url.replaceAll('{job}', encodeURIComponent(job));
  const label = describeRequest({ url: own });
  const answer = await orGone(request({ url: own, responseType: 'json' }));
  if (answer === undefined) return { state: 'expired' };
  const body = objectOf(answer, label);
  const state = valueAt(body, path);
  const isOne = (states: readonly string[] = []) => states.includes(state as string);
  if (isOne(running)) return undefined;
  if (isOne(ready)) return { state: 'done' };
  if (isOne(expired)) return { state: 'expired' };
  if (!isOne(failed)) throw unexpected(label, `returned the unknown state ${shown(state)} as ${path}`);
  const reason = message === undefined ? undefined : valueAt(body, message);
  return { state: 'failed', why: reason ? `${state}: ${String(reason)}` : String(state) };
}
