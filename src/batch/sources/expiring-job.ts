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

/** The position of an export in the results of a job. */
type JobState = { readonly [name: string]: Json; readonly job: string };

/** A kind of job whose results can expire before they are read. */
interface ExpiringJob<State extends JobState, Result, Item> {
  /** For messages, such as `the details job`. */
  readonly what: string;
  /** What to check if a job failed. */
  readonly advice: string;
  create(): Promise<State>;
  /** @returns undefined while the job is running. */
  check(job: string): Promise<JobEnd<Result> | undefined>;
  /**
   * Reads the page of a state. The last page has no `next`.
   *
   * @returns `'check'` to check the job before the page is read again.
   */
  read(state: State, result: Result): Promise<Page<Item> | 'expired' | 'check'>;
  /** Called when a job has expired, before a new one is created. It may throw. */
  onExpired?(state: State): void;
  /** Called at the end of the export. */
  close?(): Promise<void>;
}

/** What to do next. */
type Phase<State, Result> =
  | { readonly name: 'create' }
  | { readonly name: 'wait'; readonly state: State }
  | { readonly name: 'read'; readonly state: State; readonly result: Result }
  | { readonly name: 'expired'; readonly state: State };

// A single expiry can be chance. Three in a row without progress mean that the job is too large to be read in time.
const MAX_EXPIRIES = 3;

/**
 * Creates a job, waits for it and reads its results. Creates a new job each time a job expires.
 *
 * @param from the state to continue with; undefined creates a job.
 * @throws BatchError `ERR_JOB` if a job of this run failed, or if three jobs in a row expired without progress.
 */
export async function* readExpiringJob<State extends JobState, Result, Item>(
  context: SourceContext,
  options: PollOptions,
  kind: ExpiringJob<State, Result, Item>,
  from: State | undefined,
): AsyncGenerator<Page<Item>, void> {
  let phase: Phase<State, Result> = from ? { name: 'wait', state: from } : { name: 'create' };
  let isOfThisRun = false;
  let records = 0;
  const checkProgress = createProgressCheck(kind.what);

  async function wait(state: State): Promise<Phase<State, Result>> {
    const name = `${kind.what} ${state.job}`;
    const end = await poll(context, options, name, () => kind.check(state.job));
    if (end.state === 'done') return { name: 'read', state, result: end };
    // Create a failed job of an earlier run again, or no later run could get past it.
    if (end.state === 'expired' || !isOfThisRun) return { name: 'expired', state };
    throw new BatchError(
      `${name} ended as ${end.why}. ${kind.advice}, then run the same export again to create a new job.`,
      'ERR_JOB',
    );
  }

  try {
    for (;;) {
      switch (phase.name) {
        case 'create': {
          const state = await kind.create();
          isOfThisRun = true;
          records = 0;
          // Save before the wait, or a run that is killed while waiting would leave the job behind and create another.
          yield { items: [], next: state, window: state.job, save: true };
          phase = { name: 'wait', state };
          break;
        }
        case 'wait':
          phase = await wait(phase.state);
          break;
        case 'read': {
          const page = await kind.read(phase.state, phase.result);
          if (page === 'expired') phase = { name: 'expired', state: phase.state };
          else if (page === 'check') phase = { name: 'wait', state: phase.state };
          else {
            records += page.items.length;
            yield { ...page, window: phase.state.job };
            if (page.next === undefined) return;
            phase = { name: 'read', state: page.next as State, result: phase.result };
          }
          break;
        }
        case 'expired':
          kind.onExpired?.(phase.state);
          checkProgress(records);
          phase = { name: 'create' };
      }
    }
  } finally {
    await kind.close?.();
  }
}

/** Returns a function to call with the number of records that a job returned before it expired. It throws after too many expiries. */
function createProgressCheck(what: string): (records: number) => void {
  let furthest = 0;
  let expiries = 0;
  return (records) => {
    expiries = records > furthest ? 0 : expiries + 1;
    furthest = Math.max(furthest, records);
    if (expiries < MAX_EXPIRIES) return;
    throw new BatchError(
      `${what} expired ${expiries} times in a row without getting further than ${furthest} records. ` +
        'Export a shorter interval, or use filters, so that the results can be read before the job expires.',
      'ERR_JOB',
    );
  };
}

/** Returns whether a value can be the id of a job, which becomes part of a path. */
export function isJobId(value: unknown): value is string {
  return typeof value === 'string' && /^(?!\.+$)[\w.:-]{1,200}$/.test(value);
}

/** Returns the response, or undefined if the API returned 404 or 410. */
export async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    const status = isAxiosError(error) ? error.response?.status : undefined;
    if (status === 404 || status === 410) return undefined;
    throw error;
  });
}
