import type { Clock } from '../../core/index.ts';
import { numberProblems, refuse, systemClock } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { GenesysConversation } from './conversation-answer.ts';
import { readExpiringJob } from './expiring-job.ts';
import { availableUntil, createJob, lookAtJob, readResults } from './genesys-details-job.ts';
import { checkInterval, parseInterval } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import type { PollOptions } from './poll.ts';
import { readAhead } from './read-ahead.ts';
import type { PageSource, SourceContext } from './source.ts';
import { toText } from './windows.ts';

/** Options of {@link genesysConversationJobs}. Durations are in milliseconds. */
export interface GenesysConversationJobsOptions extends PollOptions {
  /** ISO 8601 `start/end`, such as `2026-01-01T00:00Z/2026-02-01T00:00Z`. It must be over. */
  interval: string;
  /** Further members of the job's query, such as `conversationFilters` and `order`. */
  query?: JsonMembers | undefined;
  /** Records a page. @default 1000 */
  pageSize?: number | undefined;
  /**
   * Only conversations that began on a UTC day of the interval. Without it all that overlap the interval, so that
   * exports of adjacent intervals have records in common.
   * @default false
   */
  startOfDayIntervalMatching?: boolean | undefined;
  /**
   * Take what is there when the data of jobs does not reach to the interval's end yet. What comes later is missing then.
   * @default false
   */
  allowPartialData?: boolean | undefined;
  /** Says what is over. @default the machine's clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = { pageSize: 1000 } as const;

/** Where an export is. */
type State = {
  readonly job: string;
  /** Leads to the next page; null before the first. */
  readonly cursor: string | null;
  /** A job before this one gave records. */
  readonly mayRepeat: boolean;
};

// What the source says by itself.
const OWN_MEMBERS = ['interval', 'startOfDayIntervalMatching'];

/**
 * Reads conversations of Genesys Cloud by a details job: it is created, waited for, and read page by page. A job takes any number of
 * conversations; its data is up to a day old.
 *
 * The job's id is in the checkpoint. A job that expired is created again, and of the new one's conversations those are
 * left out that are written already, in whatever order they come.
 *
 * @throws ConfigurationError that lists everything wrong.
 * @example
 * genesysConversationJobs({ interval: '2026-01-01T00:00Z/2026-02-01T00:00Z' })
 */
export function genesysConversationJobs(
  options: GenesysConversationJobsOptions,
): PageSource<GenesysConversation> {
  check(options);
  const { interval, query = {}, pageSize = DEFAULTS.pageSize, allowPartialData = false } = options;
  const { startOfDayIntervalMatching = false } = options;
  const whole = parseInterval(interval);
  const body = {
    ...query,
    interval: toText(whole),
    ...(startOfDayIntervalMatching && { startOfDayIntervalMatching }),
  };

  async function create(context: SourceContext, mayRepeat: boolean): Promise<State> {
    const until = allowPartialData ? whole.end : await availableUntil(context);
    if (until < whole.end) throw notThereYet(until, whole.end);
    return { job: await createJob(context, body), cursor: null, mayRepeat };
  }

  const pages = (context: SourceContext) =>
    readExpiringJob<State, unknown, GenesysConversation>(context, options, {
      what: 'the details job',
      advice: "Check the query's filters",
      create: (mayRepeat) => create(context, mayRepeat),
      look: (job) => lookAtJob(context, job),
      async *read(from, wait) {
        let at = from;
        let records = 0;
        const isDone = await wait();
        while (isDone) {
          const results = await readResults(context, from.job, pageSize, at.cursor);
          if (!results) break;
          const { conversations: items, cursor } = results;
          if (cursor === null) {
            yield { items, mayRepeat: at.mayRepeat };
            return undefined;
          }
          at = { ...at, cursor };
          records += items.length;
          yield { items, mayRepeat: at.mayRepeat, next: at };
        }
        return { records, mayRepeat: at.mayRepeat || at.cursor !== null };
      },
    });

  return {
    name: 'genesys-conversation-jobs',
    query: body,
    identify: ({ conversationId }) => conversationId,
    read: (context) => readAhead(pages(context), context.readAhead),
  };
}

function check(options: GenesysConversationJobsOptions): void {
  const { interval, query = {}, pageSize = DEFAULTS.pageSize, clock = systemClock } = options ?? {};
  refuse('genesysConversationJobs', [
    checkInterval(interval, clock.now()),
    ...OWN_MEMBERS.map((name) => name in query && `query.${name} is an option of its own`),
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    ...numberProblems(options ?? {}, ['pollDelay', 'maxPollDelay', 'maxWait']),
  ]);
}

function notThereYet(until: number, end: number): BatchError {
  return new BatchError(
    `details jobs have data until ${new Date(until).toISOString()}, but the interval ends at ` +
      `${new Date(end).toISOString()}: what is between would be missing. Run the same again later, let the interval end ` +
      'earlier, or take what is there (allowPartialData, --partial).',
    'ERR_JOB',
  );
}
