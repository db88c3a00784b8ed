import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { GenesysConversation } from './conversation-answer.ts';
import { isJobId, readExpiringJob } from './expiring-job.ts';
import { availableUntil, checkJob, createJob, type JobResults, readResults } from './genesys-details-job.ts';
import { checkInterval, parseInterval } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { POLL_OPTIONS, type PollOptions } from './poll.ts';
import { readAhead } from './read-ahead.ts';
import { savedCursor } from './saved-cursor.ts';
import { createPageRepeats, repeatedPage } from './seen-pages.ts';
import type { Page, PageSource, SourceContext } from './source.ts';
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
};

const NAME = 'genesys-conversation-jobs';
const WHAT = 'the details job';
// Pages without records in a row, each with the cursor of another page.
const MAX_EMPTY_PAGES = 100;

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

  async function create(context: SourceContext): Promise<State> {
    const until = allowPartialData ? whole.end : await availableUntil(context);
    if (until < whole.end) throw dataNotAvailable(until, whole.end);
    return { job: await createJob(context, body), cursor: null };
  }

  /** Returns the warnings about the last page of a job. */
  async function warningsOf(context: SourceContext, { until }: JobResults): Promise<string[]> {
    const date = until ?? (allowPartialData ? await availableUntil(context) : whole.end);
    return date < whole.end ? [`${describeGap(date, whole.end)}: later conversations are missing`] : [];
  }

  function pages(context: SourceContext, from: State | undefined): AsyncGenerator<Page<GenesysConversation>> {
    let repeats = createPageRepeats();
    let received = 0;
    let emptyPages = 0;

    async function read({ job, cursor: at }: State): Promise<Page<GenesysConversation> | 'expired'> {
      const results = await readResults(context, job, pageSize, at);
      if (!results) return 'expired';
      const { conversations: items, cursor } = results;
      emptyPages = items.length === 0 ? emptyPages + 1 : 0;
      if (repeats.add(items.map(idOf)) || emptyPages > MAX_EMPTY_PAGES)
        throw repeatedPage(`${WHAT} ${job}`, received, undefined);
      received += items.length;
      if (cursor !== null) return { items, next: { job, cursor } };
      return { items, warnings: await warningsOf(context, results) };
    }

    const kind = {
      what: WHAT,
      advice: "Check the query's filters",
      create: () => create(context),
      check: (job: string) => checkJob(context, job),
      read,
      onExpired() {
        repeats = createPageRepeats();
        received = 0;
      },
    };
    return readExpiringJob(context, own, kind, from);
  }

  return {
    name: NAME,
    query: body,
    identify: idOf,
    startedAt: ({ conversationStart }) => conversationStart,
    read(context) {
      const isValid = ({ job, cursor }: Partial<State>) =>
        isJobId(job) && (cursor === null || (typeof cursor === 'string' && cursor !== ''));
      return readAhead(pages(context, savedCursor<State>(NAME, context.from, isValid)), context.readAhead);
    },
  };
}

const idOf = ({ conversationId }: GenesysConversation) => conversationId;

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

function describeGap(until: number, end: number): string {
  return (
    `details jobs have data until ${new Date(until).toISOString()}, but the interval ends at ` +
    `${new Date(end).toISOString()}`
  );
}

function dataNotAvailable(until: number, end: number): BatchError {
  return new BatchError(
    `${describeGap(until, end)}, so later records would be missing. Run the same export again later, use an earlier end, or ` +
      'accept partial data (allowPartialData, --partial).',
    'ERR_JOB',
  );
}
