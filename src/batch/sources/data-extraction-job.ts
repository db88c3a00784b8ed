import { objectOf, unexpected } from './answer.ts';
import { type JobEnd, orGone } from './expiring-job.ts';
import type { JsonMembers } from './member-path.ts';
import type { SourceContext } from './source.ts';

const JOBS = '/data-extraction/v1/jobs';
const CREATE = `POST ${JOBS}`;

/** A finished job: its file can be fetched from here. */
export type ExtractionResult = { readonly fileUrl: string };

/** @returns the id of a new job. */
export async function createExtraction({ request }: SourceContext, data: JsonMembers): Promise<string> {
  // Sent twice it leaves a job that nobody reads and that expires by itself.
  const config = { url: JOBS, method: 'post', data, authRefresh: { idempotent: true } };
  const response = await request(config);
  // The id by itself, or in an object.
  const id = typeof response.data === 'string' ? response.data.trim() : objectOf(response, CREATE).jobId;
  if (typeof id !== 'string' || !/^[\w.:-]{1,200}$/.test(id)) {
    throw unexpected(CREATE, 'was answered without the id of a job');
  }
  return id;
}

/** @returns undefined while the job is under way. */
export async function lookAtExtraction(
  { request }: SourceContext,
  id: string,
): Promise<JobEnd<ExtractionResult> | undefined> {
  const url = `${JOBS}/${encodeURIComponent(id)}`;
  const asked = `GET ${url}`;
  const answer = await orGone(request({ url }));
  if (answer === undefined) return { state: 'expired' };
  const body = objectOf(answer, asked);
  const { status, result, errorMessage } = Object(body.jobStatus ?? body);
  switch (status) {
    case 'RUNNING':
      return undefined;
    case 'SUCCEEDED': {
      const fileUrl: unknown = Object(result).url;
      if (typeof fileUrl === 'string') return { state: 'done', fileUrl };
      throw unexpected(asked, 'says SUCCEEDED, but names no result.url');
    }
    case 'EXPIRED':
      return { state: 'expired' };
    case 'FAILED':
    case 'CANCELLED':
      return { state: 'failed', why: errorMessage ? `${status}: ${String(errorMessage)}` : status };
    default:
      throw unexpected(asked, `says that its status is ${JSON.stringify(status)}, which is not known`);
  }
}
