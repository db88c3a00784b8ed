import { isAxiosError } from 'axios';
import { BatchError } from '../errors.ts';
import { type PollOptions, poll } from './poll.ts';
import type { Json, Page, SourceContext } from './source.ts';

type Done<Result> = { readonly state: 'done' } & Result;

/** How a job at the API ended. A job that the API no longer knows has expired. */
export type JobEnd<Result = unknown> =
  | Done<Result>
  | { readonly state: 'expired' }
  | { readonly state: 'failed'; readonly why: string };

/** Where an export is in the results of a job. `mayRepeat`: an earlier job returned records. */
type JobState = { readonly [name: string]: Json; readonly job: string; readonly mayRepeat: boolean };

/** How many records a job returned in this run before it expired. */
type Expiry = { readonly records: number; readonly mayRepeat: boolean };

/** A kind of job whose results can expire before they are read. */
interface ExpiringJob<State extends JobState, Result, Item> {
  /** For messages, such as `the details job`. */
  readonly what: string;
  /** What to check if a job failed. */
  readonly advice: string;
  create(mayRepeat: boolean): Promise<State>;
  /** @returns undefined while the job is running. */
  look(job: string): Promise<JobEnd<Result> | undefined>;
  /** @param done waits for the job, and returns undefined if the job expired. @returns undefined after the last page. */
  read(
    from: State,
    done: () => Promise<Done<Result> | undefined>,
  ): AsyncGenerator<Page<Item>, Expiry | undefined>;
}

// A single expiry can be chance. Three in a row without progress mean that the job is too large to be read in time.
const MAX_FRUITLESS = 3;

/**
 * Creates a job, waits for it and reads its results. Creates a new job each time a job expires.
 *
 * @throws BatchError `ERR_JOB` if a job of this run failed, or if three jobs in a row expired without progress.
 */
export async function* readExpiringJob<State extends JobState, Result, Item>(
  context: SourceContext,
  options: PollOptions,
  { what, advice, create, look, read }: ExpiringJob<State, Result, Item>,
): AsyncGenerator<Page<Item>> {
  let state = context.from as State | undefined;
  let mayRepeat = false;
  let isOfThisRun = false;
  let furthest = 0;
  let fruitless = 0;
  for (;;) {
    if (!state) {
      state = await create(mayRepeat);
      isOfThisRun = true;
      // Save before the wait, or a run that is killed while waiting would leave the job behind and create another.
      yield { items: [], mayRepeat, next: state, save: true };
    }
    const { job } = state;
    const expiry = yield* read(state, async () => {
      const end = await poll(context, options, `${what} ${job}`, () => look(job));
      // Create a failed job of an earlier run again, or no later run could get past it.
      if (end.state === 'failed' && isOfThisRun) {
        const message = `${what} ${job} ended as ${end.why}. ${advice}; run the same again to create another job.`;
        throw new BatchError(message, 'ERR_JOB');
      }
      return end.state === 'done' ? end : undefined;
    });
    if (!expiry) return;
    ({ mayRepeat } = expiry);
    fruitless = expiry.records > furthest ? 0 : fruitless + 1;
    furthest = Math.max(furthest, expiry.records);
    if (fruitless >= MAX_FRUITLESS) {
      throw new BatchError(
        `${what} expired ${fruitless} times in a row without getting further than ${furthest} records. ` +
          'Ask for a shorter time, or for fewer records with filters, so that the job can be read before it expires.',
        'ERR_JOB',
      );
    }
    state = undefined;
  }
}

/** Returns an answer, or undefined if the API no longer knows what was asked for. */
export async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    const status = isAxiosError(error) ? error.response?.status : undefined;
    if (status === 404 || status === 410) return undefined;
    throw error;
  });
}
