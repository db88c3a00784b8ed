import type { Job } from 'bullmq';
import { isWhole, type OptionTable, readOptions } from '../core/internal.ts';
import { refuseNewer } from './format-version.ts';
import { nameProblem } from './names.ts';

/** Data of a job. */
interface JobData {
  version: unknown;
  name: unknown;
  run: unknown;
  part: unknown;
}

const JOB_DATA: OptionTable<JobData> = { version: 'any', name: 'any', run: 'any', part: 'any' };

/** Validates the data of a job, because it comes from Redis. */
export function readJob({ bullmq }: { bullmq: typeof import('bullmq') }, { data }: Job) {
  const [{ version, name, run, part }, problems] = readOptions(Object(data) as JobData, JOB_DATA);
  refuseNewer(String(name), version);
  const isPart = part === undefined || isWhole(part);
  if (nameProblem('name', name) || !/^\d+$/.test(String(run)) || !isPart || problems.some(Boolean)) {
    throw new bullmq.UnrecoverableError(
      ['the job is not part of an export', ...problems.filter(Boolean)].join(': ') +
        '. Use this queue for exports only, and run the same version of axios-oauth-refresh on all hosts.',
    );
  }
  return { name: String(name), run: String(run), part: part === undefined ? undefined : Number(part) };
}
