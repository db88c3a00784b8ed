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

/** The position of an export in the results of a job. `mayRepeat`: an earlier job returned records. */
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
  check(job: string): Promise<JobEnd<Result> | undefined>;
  /** @param done waits for the job, and returns undefined if the job expired. @returns undefined after the last page. */
  read(
    from: State,
    done: () => Promise<Done<Result> | undefined>,
  ): AsyncGenerator<Page<Item>, Expiry | undefined>;
}

// A single expiry can be chance. Three in a row without progress mean that the job is too large to be read in time.
const MAX_EXPIRIES = 3;

/**
 * Creates a job, waits for it and reads its results. Creates a new job each time a job expires.
 *
 * @throws BatchError `ERR_JOB` if a job of this run failed, or if three jobs in a row expired without progress.
 */
export async function* readExpiringJob<State extends JobState, Result, Item>(
  context: SourceContext,
  options: PollOptions,
  { what, advice, create, check, read }: ExpiringJob<State, Result, Item>,
): AsyncGenerator<Page<Item>> {
  let state = context.from as State | undefined;
  let mayRepeat = false;
  let isOfThisRun = false;
  let furthest = 0;
  let expiries = 0;
  for (;;) {
    if (!state) {
      state = await create(mayRepeat);
      isOfThisRun = true;
      // Save before the wait, or a run that is killed while waiting would leave the job behind and create another.
      yield { items: [], next: state, save: true };
    }
    const { job } = state;
    const expiry = yield* read(state, async () => {
      const end = await poll(context, options, `${what} ${job}`, () => check(job));
      // Create a failed job of an earlier run again, or no later run could get past it.
      if (end.state === 'failed' && isOfThisRun) {
        const message = `${what} ${job} ended as ${end.why}. ${advice}, then run the same export again to create a new job.`;
        throw new BatchError(message, 'ERR_JOB');
      }
      return end.state === 'done' ? end : undefined;
    });
    if (!expiry) return;
    ({ mayRepeat } = expiry);
    expiries = expiry.records > furthest ? 0 : expiries + 1;
    furthest = Math.max(furthest, expiry.records);
    if (expiries >= MAX_EXPIRIES) {
      throw new BatchError(
        `${what} expired ${expiries} times in a row without getting further than ${furthest} records. ` +
          'Export a shorter interval, or use filters, so that the results can be read before the job expires.',
        'ERR_JOB',
      );
    }
    state = undefined;
  }
}

/** Returns the response, or undefined if the API returned 404 or 410. */
export async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    const status = isAxiosError(error) ? error.response?.status : undefined;
    if (status === 404 || status === 410) return undefined;
    throw error;
  });
}
