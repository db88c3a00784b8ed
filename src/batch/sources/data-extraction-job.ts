import { objectOf, unexpected } from './answer.ts';
import { isJobId, type JobEnd, orGone } from './expiring-job.ts';
import { type ForeignFile, isOnLoopback } from './foreign-file.ts';
import type { JsonMembers } from './member-path.ts';
import type { SourceContext } from './source.ts';

const JOBS = '/data-extraction/v1/jobs';
const CREATE = `POST ${JOBS}`;

/** The result of a finished job: its file. */
export type ExtractionResult = ForeignFile;

/** Creates a job, and returns its id. */
export async function createExtraction({ request }: SourceContext, data: JsonMembers): Promise<string> {
  // Idempotent in effect: a second job is never read, and expires automatically.
  const response = await request({
    url: JOBS,
    method: 'post',
    data,
    responseType: 'json',
    authRefresh: { idempotent: true },
  });
  // The body is the id, or an object with the id.
  const id = typeof response.data === 'string' ? response.data.trim() : objectOf(response, CREATE).jobId;
  if (!isJobId(id)) {
    throw unexpected(CREATE, 'returned no job id');
  }
  return id;
}

/** @returns undefined while the job is running. */
export async function checkExtraction(
  { request }: SourceContext,
  id: string,
): Promise<JobEnd<ExtractionResult> | undefined> {
  const path = `${JOBS}/${encodeURIComponent(id)}`;
  const label = `GET ${path}`;
  const answer = await orGone(request({ url: path, responseType: 'json' }));
  if (answer === undefined) return { state: 'expired' };
  const body = objectOf(answer, label);
  const { status, result, errorMessage } = Object(body.jobStatus ?? body);
  switch (status) {
    case 'RUNNING':
      return undefined;
    case 'SUCCEEDED': {
      const url: unknown = Object(result).url;
      if (typeof url === 'string') return { state: 'done', url, mayBeLocal: isOnLoopback(answer) };
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
