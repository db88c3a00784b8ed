import { objectOf, unexpected } from './answer.ts';
import { type JobEnd, orGone } from './expiring-job.ts';
import type { JsonMembers } from './member-path.ts';
import type { SourceContext } from './source.ts';

const JOBS = '/data-extraction/v1/jobs';
const CREATE = `POST ${JOBS}`;

/** The result of a finished job: the URL of its file. */
export type ExtractionResult = { readonly fileUrl: string };

/** Creates a job, and returns its id. */
export async function createExtraction({ request }: SourceContext, data: JsonMembers): Promise<string> {
  // Idempotent in effect: a second job is never read, and expires automatically.
  const config = { url: JOBS, method: 'post', data, authRefresh: { idempotent: true } };
  const response = await request(config);
  // The body is the id, or an object with the id.
  const id = typeof response.data === 'string' ? response.data.trim() : objectOf(response, CREATE).jobId;
  if (typeof id !== 'string' || !/^[\w.:-]{1,200}$/.test(id)) {
    throw unexpected(CREATE, 'returned no job id');
  }
  return id;
}

/** @returns undefined while the job is running. */
export async function checkExtraction(
  { request }: SourceContext,
  id: string,
): Promise<JobEnd<ExtractionResult> | undefined> {
  const url = `${JOBS}/${encodeURIComponent(id)}`;
  const label = `GET ${url}`;
  const answer = await orGone(request({ url }));
  if (answer === undefined) return { state: 'expired' };
  const body = objectOf(answer, label);
  const { status, result, errorMessage } = Object(body.jobStatus ?? body);
  switch (status) {
    case 'RUNNING':
      return undefined;
    case 'SUCCEEDED': {
      const fileUrl: unknown = Object(result).url;
      if (typeof fileUrl === 'string') return { state: 'done', fileUrl };
      throw unexpected(label, 'returned the status SUCCEEDED without a result.url');
    }
    case 'EXPIRED':
      return { state: 'expired' };
    case 'FAILED':
    case 'CANCELLED':
      return { state: 'failed', why: errorMessage ? `${status}: ${String(errorMessage)}` : status };
    default:
      throw unexpected(label, `returned the unknown status ${JSON.stringify(status)}`);
  }
}
