import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { GenesysConversation } from './conversation-answer.ts';
import { readExpiringJob } from './expiring-job.ts';
import { availableUntil, checkJob, createJob, readResults } from './genesys-details-job.ts';
import { checkInterval, parseInterval } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { POLL_OPTIONS, type PollOptions } from './poll.ts';
import { readAhead } from './read-ahead.ts';
import type { PageSource, SourceContext } from './source.ts';
import { toText } from './windows.ts';

/** Options of {@link genesysConversationJobs}. Durations are in milliseconds. */
export interface GenesysConversationJobsOptions extends PollOptions {
  /** ISO 8601 `start/end`, such as `2026-01-01T00:00Z/2026-02-01T00:00Z`. It must end in the past. */
  interval: string;
  /** Further members of the job's query, such as `conversationFilters` and `order`. */
  query?: JsonMembers | undefined;
  /** Records per page. @default 1000 */
  pageSize?: number | undefined;
  /**
   * Returns only conversations that began on a UTC day of the interval. Otherwise the job returns all conversations that
   * overlap the interval, so that exports of adjacent intervals share records.
   * @default false
   */
  startOfDayIntervalMatching?: boolean | undefined;
  /**
   * Exports the available data even if it does not reach the end of the interval yet. The rest is then missing.
   * @default false
   */
  allowPartialData?: boolean | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = { pageSize: 1000 } as const;

/** The position of an export. */
type State = {
  readonly job: string;
  /** Cursor of the next page; null before the first page. */
  readonly cursor: string | null;
  /** An earlier job returned records. */
  readonly mayRepeat: boolean;
};

// Members of the query that the source sets.
const OWN_MEMBERS = ['interval', 'startOfDayIntervalMatching'];

/**
 * Reads conversations of Genesys Cloud with a details job. The source creates a job, waits for it, and reads its results page by
 * page. A job returns any number of conversations. Its data is up to a day old.
 *
 * The checkpoint contains the id of the job. If the job expires, the source creates a new one and skips the conversations
 * that were already written, in any order.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * genesysConversationJobs({ interval: '2026-01-01T00:00Z/2026-02-01T00:00Z' })
 */
export function genesysConversationJobs(
  options: GenesysConversationJobsOptions,
): PageSource<GenesysConversation> {
  const own = check(options);
  const { interval, query = {}, pageSize = DEFAULTS.pageSize, allowPartialData = false } = own;
  const { startOfDayIntervalMatching = false } = own;
  const whole = parseInterval(interval);
  const body = {
    ...query,
    interval: toText(whole),
    ...(startOfDayIntervalMatching && { startOfDayIntervalMatching }),
  };

  async function create(context: SourceContext, mayRepeat: boolean): Promise<State> {
    const until = allowPartialData ? whole.end : await availableUntil(context);
    if (until < whole.end) throw dataNotAvailable(until, whole.end);
    return { job: await createJob(context, body), cursor: null, mayRepeat };
  }

  const pages = (context: SourceContext) =>
    readExpiringJob<State, unknown, GenesysConversation>(context, own, {
      what: 'the details job',
      advice: "Check the query's filters",
      create: (mayRepeat) => create(context, mayRepeat),
      check: (job) => checkJob(context, job),
      async *read(from, wait) {
        let at = from;
        let records = 0;
        const isDone = await wait();
        while (isDone) {
          const results = await readResults(context, from.job, pageSize, at.cursor);
          if (!results) break;
          const { conversations: items, cursor } = results;
          if (cursor === null) {
            yield { items };
            return undefined;
          }
          at = { ...at, cursor };
          records += items.length;
          yield { items, next: at };
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

const OPTIONS: OptionTable<GenesysConversationJobsOptions> = {
  ...POLL_OPTIONS,
  interval: 'any',
  query: 'object',
  pageSize: 'any',
  startOfDayIntervalMatching: 'boolean',
  allowPartialData: 'boolean',
  clock: 'object',
};

function check(given: GenesysConversationJobsOptions): GenesysConversationJobsOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const { interval, query = {}, pageSize = DEFAULTS.pageSize, clock = systemClock } = options;
  refuse('genesysConversationJobs', [
    checkInterval(interval, clock.now()),
    ...OWN_MEMBERS.map((name) => name in query && `query.${name} must be set with the option ${name}`),
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    ...problems,
  ]);
  return options;
}

function dataNotAvailable(until: number, end: number): BatchError {
  return new BatchError(
    `details jobs have data until ${new Date(until).toISOString()}, but the interval ends at ` +
      `${new Date(end).toISOString()}, so later records would be missing. Run the same export again later, use an earlier ` +
      'end, or accept partial data (allowPartialData, --partial).',
    'ERR_JOB',
  );
}
