import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock } from '../../core/internal.ts';
import {
  type ContactsAnswer,
  type CxoneContact,
  OWN_PARAMS,
  readContacts,
} from './completed-contacts-answer.ts';
import { type ContactState, contactSteps } from './contact-steps.ts';
import { checkDates, type Interval, parseDate } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { savedCursor } from './saved-cursor.ts';
import { secretNamesProblem, withoutSecrets } from './secret-params.ts';
import type { PageSource, SourceContext } from './source.ts';
import { type PageMachine, readPages } from './windowed-pages.ts';
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
  /** Further query parameters, such as `fields` and `skillId`. The checkpoint stores them without members that are secrets by their names. */
  params?: JsonMembers | undefined;
  /** Further names of secrets in `params`, which the checkpoint must not contain. @default none */
  secretParams?: readonly string[] | undefined;
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

const NAME = 'cxone-completed-contacts';

/**
 * Reads the completed contacts of NICE CXone in the order of their start, several pages in parallel.
 *
 * An interval with more than `maxResults` contacts is split into windows. A window ends when `totalRecords` contacts
 * were read and the response has no `_links.next`, or with status 204. A contact that two windows return is written once.
 * If the totals of the windows add up to less than the total of the interval, the source requests that total again: the
 * export fails if contacts are missing, and warns if the total has changed.
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
    secretParams,
    maxResults = DEFAULTS.maxResults,
    totalTolerance = DEFAULTS.totalTolerance,
  } = own;
  const interval: Interval = { start: parseDate(own.startDate), end: parseDate(own.endDate) };
  const url = `/incontactapi/services/${version}/contacts/completed`;
  const label = `GET ${url}`;

  const steps = contactSteps({ interval, pageSize, maxResults, totalTolerance, label });

  const machineOf = ({
    request,
  }: SourceContext): PageMachine<ContactState, ContactsAnswer | undefined, CxoneContact> => ({
    /** @returns undefined for 204, which means that there is no data. */
    async fetch({ start, end, skip: from, step, recount }, ahead) {
      const skip = from + ahead * step;
      const top = recount ? 1 : pageSize;
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
        responseType: 'json',
        headers: { Accept: 'application/json' },
      });
      return response.status === 204 ? undefined : readContacts(response, { skip, top }, label);
    },
    idsOf: (answer) => answer?.contacts.map(idOf) ?? [],
    ...steps,
  });

  return {
    name: NAME,
    query: { interval: toText(interval), version, params: withoutSecrets(params, secretParams) },
    identify: idOf,
    startedAt: ({ contactStart }) => contactStart,
    read(context) {
      const from = savedCursor<ContactState>(NAME, context.from, steps.isValid) ?? steps.first;
      // `pageSize` may be smaller than in the run that saved the cursor.
      const state = { ...from, step: Math.min(from.step, pageSize) };
      return readPages(machineOf(context), state, context.readAhead);
    },
  };
}

const idOf = ({ contactId }: CxoneContact) => contactId;

const OPTIONS: OptionTable<CxoneCompletedContactsOptions> = {
  startDate: 'any',
  endDate: 'any',
  version: 'string',
  pageSize: 'any',
  params: 'object',
  secretParams: 'array',
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
    secretNamesProblem(options.secretParams),
    !(maxResults >= pageSize) && 'maxResults must be a number, at least pageSize',
    !(totalTolerance >= 0 && totalTolerance <= 1) && 'totalTolerance must be a number from 0 to 1',
    ...problems,
  ]);
  return options;
}
