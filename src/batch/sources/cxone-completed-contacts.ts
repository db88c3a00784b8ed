import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import { type CxoneContact, OWN_PARAMS, readContacts } from './completed-contacts-answer.ts';
import { checkDates, type Interval, parseDate } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { inOrder } from './read-ahead.ts';
import { checkTotal } from './record-count.ts';
import type { Page, PageSource, SourceContext } from './source.ts';
import { toText } from './windows.ts';

/** Options of {@link cxoneCompletedContacts}. */
export interface CxoneCompletedContactsOptions {
  /** ISO 8601, such as `2026-01-01T00:00Z`. */
  startDate: string;
  /** ISO 8601, exclusive. It must be in the past, because new contacts move older ones to other pages. */
  endDate: string;
  /** Version of the API. @default 'v30.0' */
  version?: string | undefined;
  /** Records per page. @default 1000 */
  pageSize?: number | undefined;
  /** Further query parameters, such as `fields` and `skillId`. */
  params?: JsonMembers | undefined;
  /** How many records the API returns for one query. A longer interval is split. @default 10_000 */
  maxResults?: number | undefined;
  /** The fraction of `totalRecords` that may be missing, from 0 to 1. @default 0 */
  totalTolerance?: number | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = {
  version: 'v30.0',
  pageSize: 1000,
  maxResults: 10_000,
  totalTolerance: 0,
} as const;

/** The position of an export: a window of the interval, and how much of it was read. Times are epoch milliseconds. */
type State = {
  readonly start: number;
  readonly end: number;
  readonly skip: number;
  /** `totalRecords` of the window. */
  readonly total?: number;
  /** `totalRecords` of the whole interval. */
  readonly whole?: number;
  /** Records of the earlier windows. */
  readonly before: number;
};

// In milliseconds.
const MIN_WIDTH = 1000;
// The target fraction of `maxResults` in a window, because contacts are not spread evenly.
const FILL = 0.75;

/**
 * Reads the completed contacts of NICE CXone in the order of their start, several pages in parallel.
 *
 * An interval with more than `maxResults` contacts is split into windows. A window ends when `totalRecords` contacts
 * were read and the response has no `_links.next`, or with status 204. An end before the total is an error. A contact
 * that two windows return is written once.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * cxoneCompletedContacts({ startDate: '2026-01-01T00:00Z', endDate: '2026-02-01T00:00Z' })
 */
export function cxoneCompletedContacts(options: CxoneCompletedContactsOptions): PageSource<CxoneContact> {
  const own = check(options);
  const {
    version = DEFAULTS.version,
    pageSize = DEFAULTS.pageSize,
    params = {},
    maxResults = DEFAULTS.maxResults,
    totalTolerance = DEFAULTS.totalTolerance,
  } = own;
  const interval: Interval = { start: parseDate(own.startDate), end: parseDate(own.endDate) };
  const url = `/incontactapi/services/${version}/contacts/completed`;
  const label = `GET ${url}`;

  /** @returns undefined for 204, which means that there is no data. */
  async function fetch({ request }: SourceContext, { start, end }: Interval, skip: number, top: number) {
    const response = await request({
      url,
      params: {
        ...params,
        startDate: new Date(start).toISOString(),
        endDate: new Date(end).toISOString(),
        skip,
        top,
        orderBy: 'contactStart asc',
      },
      headers: { Accept: 'application/json' },
    });
    return response.status === 204 ? undefined : readContacts(response, skip, label);
  }

  /** Returns the first part of a window with too many contacts, or undefined if the window cannot be shorter. */
  function narrowed({ start, end }: Interval, total: number): Interval | undefined {
    if (end - start <= MIN_WIDTH) return undefined;
    const width = ((end - start) * maxResults * FILL) / total;
    return { start, end: start + Math.max(MIN_WIDTH, Math.floor(width / MIN_WIDTH) * MIN_WIDTH) };
  }

  /** Returns the next window, or undefined after the last one. */
  function windowAfter({ start, end, skip, total = skip, whole, before }: State): State | undefined {
    if (end >= interval.end) return undefined;
    // At most twice as long, because a quiet period may end.
    const width = (end - start) * Math.min(2, (maxResults * FILL) / Math.max(total, 1));
    const next = { start: end, end: Math.min(interval.end, end + Math.max(MIN_WIDTH, Math.floor(width))) };
    return { ...next, skip: 0, before: before + skip, ...(whole !== undefined && { whole }) };
  }

  /** @returns the next state, or undefined at the end of the export. */
  async function* readWindow(
    context: SourceContext,
    from: State,
  ): AsyncGenerator<Page<CxoneContact>, State | undefined> {
    let state = from;
    let hasNext = true;
    // The API may return fewer records than requested.
    let step = pageSize;
    while (hasNext) {
      const begin = state.skip;
      const answers = inOrder((number) => fetch(context, from, begin + number * step, step), {
        first: 0,
        atOnce: context.readAhead,
        likelyLast: () => Math.ceil(((state.total ?? 0) - begin) / step) - 1,
      });
      for await (const answer of answers) {
        const count = answer?.contacts.length ?? 0;
        if (!answer || count === 0) {
          hasNext = false;
          break;
        }
        const { contacts, total = state.total } = answer;
        const whole = state.whole ?? total;
        if (state.skip === 0 && (total ?? 0) > maxResults) {
          const shorter = narrowed(from, total as number);
          if (shorter) return { ...from, ...shorter, ...(whole !== undefined && { whole }) };
        }
        const skip = state.skip + count;
        state = {
          ...state,
          skip,
          ...(total !== undefined && { total }),
          ...(whole !== undefined && { whole }),
        };
        hasNext = answer.hasNext || skip < (total ?? 0);
        yield { items: contacts, next: state, window: toText(from), total: whole };
        if (hasNext && count === step) continue;
        if (state.skip === begin + count) step = count;
        break;
      }
    }
    const { skip, total, whole, before } = state;
    const next = windowAfter(state);
    compare(skip, total, toText(from));
    if (!next) compare(before + skip, whole, toText(interval));
    return next;
  }

  function compare(received: number, total: number | undefined, when: string): void {
    checkTotal({ received, ...(total !== undefined && { total }) }, totalTolerance, `${label} for ${when}`);
  }

  return {
    name: 'cxone-completed-contacts',
    query: { interval: toText(interval), version, params },
    identify: ({ contactId }) => String(contactId),
    async *read(context) {
      let state: State | undefined = (context.from as State | undefined) ?? {
        ...interval,
        skip: 0,
        before: 0,
      };
      while (state) state = yield* readWindow(context, state);
    },
  };
}

const OPTIONS: OptionTable<CxoneCompletedContactsOptions> = {
  startDate: 'any',
  endDate: 'any',
  version: 'string',
  pageSize: 'any',
  params: 'object',
  maxResults: 'any',
  totalTolerance: 'any',
  clock: 'object',
};

function check(given: CxoneCompletedContactsOptions): CxoneCompletedContactsOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const {
    startDate,
    endDate,
    version = DEFAULTS.version,
    pageSize = DEFAULTS.pageSize,
    params = {},
  } = options;
  const {
    maxResults = DEFAULTS.maxResults,
    totalTolerance = DEFAULTS.totalTolerance,
    clock = systemClock,
  } = options;
  const [start, end] = [
    { name: 'startDate', date: startDate },
    { name: 'endDate', date: endDate },
  ] as const;
  refuse('cxoneCompletedContacts', [
    checkDates(start, end, clock.now()),
    !/^v\d+(\.\d+)?$/.test(version) && 'version must be a version of the API, such as v30.0',
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    ...OWN_PARAMS.map((name) => name in params && `params.${name} is set by the source: remove it`),
    !(maxResults >= pageSize) && 'maxResults must be a number, at least pageSize',
    !(totalTolerance >= 0 && totalTolerance <= 1) && 'totalTolerance must be a number from 0 to 1',
    ...problems,
  ]);
  return options;
}
