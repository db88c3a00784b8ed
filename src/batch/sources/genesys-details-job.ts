import { isAxiosError } from 'axios';
import { type JsonObject, listOf, objectOf, unexpected } from './answer.ts';
import type { GenesysConversation } from './conversation-answer.ts';
import { type JobEnd, orGone } from './expiring-job.ts';
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
}

/** Up to when details jobs have data, in milliseconds since the epoch. */
export async function availableUntil({ request }: SourceContext): Promise<number> {
  const asked = `GET ${JOBS}/availability`;
  const { dataAvailabilityDate } = objectOf(await request({ url: `${JOBS}/availability` }), asked);
  const until = Date.parse(String(dataAvailabilityDate));
  if (Number.isNaN(until)) throw unexpected(asked, 'was answered without a dataAvailabilityDate');
  return until;
}

/** @returns the id of a new job. */
export async function createJob({ request }: SourceContext, data: JsonMembers): Promise<string> {
  // Sent twice it leaves a job that nobody reads and that expires by itself.
  const config = { url: JOBS, method: 'post', data, authRefresh: { idempotent: true } };
  const { jobId } = objectOf(await request(config), CREATE);
  if (typeof jobId !== 'string' || jobId === '') throw unexpected(CREATE, 'was answered without a jobId');
  return jobId;
}

/** @returns undefined while the job is under way. */
export async function lookAtJob({ request }: SourceContext, id: string): Promise<JobEnd | undefined> {
  const asked = `GET ${JOBS}/${id}`;
  const answer = await orGone(request({ url: urlOf(id) }));
  if (answer === undefined) return { state: 'expired' };
  const { state, errorMessage } = objectOf(answer, asked);
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
      throw unexpected(asked, `says that its state is ${JSON.stringify(state)}, which is not known`);
  }
}

/**
 * Reads a page of a job that was fulfilled.
 *
 * @returns undefined when the job has expired.
 */
export async function readResults(
  context: SourceContext,
  id: string,
  pageSize: number,
  cursor: string | null,
): Promise<JobResults | undefined> {
  const params = { pageSize, ...(cursor !== null && { cursor }) };
  const hasExpired = async () => (await lookAtJob(context, id))?.state === 'expired';
  try {
    const answer = await orGone(context.request({ url: `${urlOf(id)}/results`, params }));
    const results = answer && parseResults(objectOf(answer, RESULTS));
    // Nothing, and no way on: what a job that expired just now may say as well.
    if (results?.conversations.length === 0 && results.cursor === null && (await hasExpired()))
      return undefined;
    return results;
  } catch (error) {
    // Which status the results of an expired job have is not documented; its state is.
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
    throw unexpected(RESULTS, `has a cursor that is none: ${JSON.stringify(cursor).slice(0, 80)}`);
  }
  // A job without conversations may leave the list out; its date shows that these are results all the same.
  const isEmpty =
    !('conversations' in body) && cursor === null && typeof body.dataAvailabilityDate === 'string';
  const conversations = isEmpty ? [] : listOf(body, 'conversations', RESULTS);
  if (!conversations.every(isConversation))
    throw unexpected(RESULTS, 'gave a record without a conversationId');
  return { conversations, cursor };
}

function isConversation(item: unknown): item is GenesysConversation {
  const id = Object(item).conversationId;
  return typeof id === 'string' && id !== '';
}
