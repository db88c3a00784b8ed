import { isAxiosError } from 'axios';
import type { JsonObject } from '../json/json-object.ts';
import { listOf, objectOf, unexpected } from './answer.ts';
import type { GenesysConversation } from './conversation-answer.ts';
import { isJobId, type JobEnd, orGone } from './expiring-job.ts';
import type { JsonMembers } from './member-path.ts';
import type { SourceContext } from './source.ts';

const JOBS = '/api/v2/analytics/conversations/details/jobs';
const CREATE = `POST ${JOBS}`;
const RESULTS = `GET ${JOBS}/…/results`;

/** A page of a job's results. */
export interface JobResults {
  conversations: readonly GenesysConversation[];
  /** Null on the last page. */
  cursor: string | null;
  /** The time until which the job has data, in milliseconds since the epoch; undefined if the API does not state it. */
  until: number | undefined;
}

/** Returns the time until which details jobs have data, in milliseconds since the epoch. */
export async function availableUntil({ request }: SourceContext): Promise<number> {
  const label = `GET ${JOBS}/availability`;
  const { dataAvailabilityDate } = objectOf(
    await request({ url: `${JOBS}/availability`, responseType: 'json' }),
    label,
  );
  const until = Date.parse(String(dataAvailabilityDate));
  if (Number.isNaN(until)) throw unexpected(label, 'returned no dataAvailabilityDate');
  return until;
}

/** Creates a job, and returns its id. */
export async function createJob({ request }: SourceContext, data: JsonMembers): Promise<string> {
  // Idempotent in effect: a second job is never read, and expires automatically.
  const { jobId } = objectOf(
    await request({
      url: JOBS,
      method: 'post',
      data,
      responseType: 'json',
      authRefresh: { idempotent: true },
    }),
    CREATE,
  );
  if (!isJobId(jobId)) throw unexpected(CREATE, 'returned no valid jobId');
  return jobId;
}

/** @returns undefined while the job is running. */
export async function checkJob({ request }: SourceContext, id: string): Promise<JobEnd | undefined> {
  const label = `GET ${urlOf(id)}`;
  const answer = await orGone(request({ url: urlOf(id), responseType: 'json' }));
  if (answer === undefined) return { state: 'expired' };
  const { state, errorMessage } = objectOf(answer, label);
  switch (state) {
    case 'QUEUED':
    case 'PENDING':
      return undefined;
    case 'FULFILLED':
      return { state: 'done' };
    case 'EXPIRED':
      return { state: 'expired' };
    case 'FAILED':
    case 'CANCELLED':
      return { state: 'failed', why: errorMessage ? `${state}: ${String(errorMessage)}` : state };
    default:
      throw unexpected(label, `returned the unknown state ${JSON.stringify(state)}`);
  }
}

/**
 * Reads a page of the results of a fulfilled job.
 *
 * @returns undefined if the job has expired.
 */
export async function readResults(
  context: SourceContext,
  id: string,
  pageSize: number,
  cursor: string | null,
): Promise<JobResults | undefined> {
  const params = { pageSize, ...(cursor !== null && { cursor }) };
  const hasExpired = async () => (await checkJob(context, id))?.state === 'expired';
  try {
    const answer = await orGone(
      context.request({ url: `${urlOf(id)}/results`, params, responseType: 'json' }),
    );
    const results = answer && parseResults(objectOf(answer, RESULTS));
    // A job that has just expired may also return an empty page without a cursor.
    if (results?.conversations.length === 0 && results.cursor === null && (await hasExpired()))
      return undefined;
    return results;
  } catch (error) {
    // The documentation specifies the state of an expired job, but not the status of its results.
    if (isAxiosError(error) && error.response?.status === 400 && (await hasExpired())) return undefined;
    throw error;
  }
}

function urlOf(id: string): string {
  return `${JOBS}/${encodeURIComponent(id)}`;
}

function parseResults(body: JsonObject): JobResults {
  const cursor = body.cursor ?? null;
  if (cursor !== null && (typeof cursor !== 'string' || cursor === '')) {
    throw unexpected(RESULTS, `returned an invalid cursor: ${JSON.stringify(cursor).slice(0, 80)}`);
  }
  // A job without conversations may omit the list. The date shows that the response is a page of results.
  const isEmpty =
    !('conversations' in body) && cursor === null && typeof body.dataAvailabilityDate === 'string';
  const conversations = isEmpty ? [] : listOf(body, 'conversations', RESULTS);
  if (!conversations.every(isConversation))
    throw unexpected(RESULTS, 'returned a record without a conversationId');
  const until = Date.parse(String(body.dataAvailabilityDate));
  return { conversations, cursor, until: Number.isNaN(until) ? undefined : until };
}

function isConversation(item: unknown): item is GenesysConversation {
  const id = Object(item).conversationId;
  return typeof id === 'string' && id !== '';
}
