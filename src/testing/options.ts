import { randomBytes } from 'node:crypto';
import { type OptionTable, type Problem, readOptions, refuse } from '../core/internal.ts';
import type { Faults } from './faults.ts';
import { DAY, HOUR } from './iso-time.ts';
import type { Lateness, TimelineSettings } from './timeline.ts';
import type { DetailsJobState } from './wire-types.ts';

/** Options of {@link startVendorSimulator}. */
export interface SimulatorOptions {
  /** Determines the data and the random faults. @default 1 */
  seed?: number;
  /** The number of conversations. They need no memory. @default 1000 */
  records?: number;
  /** ISO 8601 `start/end` of the data. @default the seven days from 2023-10-01, as in the tutorial */
  interval?: string;
  clientId?: string;
  clientSecret?: string;
  /** CXone access key. ID and secret end with `====`, like real ones. */
  accessKeyId?: string;
  accessKeySecret?: string;
  /** The CXone tenant, which is a claim of CXone access tokens. */
  tenantId?: string;
  /** Lifetime of access tokens in seconds. @default 86400 for Genesys, 3600 for CXone */
  tokenLifetime?: number;
  /** Lifetime of refresh tokens in seconds. @default unlimited */
  refreshTokenLifetime?: number;
  /** Milliseconds before each response of a token endpoint. @default 0 */
  tokenDelay?: number;
  /** Milliseconds before each response of the APIs. @default 0 */
  pageDelay?: number;
  /** The number of API requests with a valid token after which all tokens are revoked, again and again. @default never */
  revokeEvery?: number;
  /** Faults of the APIs. */
  faults?: Faults;
  /** Faults of the token endpoints. */
  tokenFaults?: Faults;
  /** Port to listen on. 0 selects a free port. @default 0 */
  port?: number;
  /** Address to listen on. @default 127.0.0.1 */
  host?: string;
  /** The clock for token lifetimes and jobs, in epoch milliseconds. @default the system clock */
  clock?: { now(): number };
  /**
   * The clock of the data, in epoch milliseconds: the APIs return no conversation that begins later, and a conversation that has not
   * ended lacks its end. Can be the same object as `clock`. @default none: all conversations have ended
   */
  dataClock?: { now(): number };
  /** The share of conversations that last from 1 to 30 hours, 0 to 1. The others last from 1 to 11 minutes. @default 0 */
  longConversations?: number;
  /**
   * Conversations that change after their end: a wrap-up code or a participant is added, or a segment is removed. Requires `dataClock`.
   * @default none
   */
  lateChanges?: Lateness;
  /** Conversations that the APIs return only some time after their start. Requires `dataClock`. @default none */
  lateArrivals?: Lateness;
  /** Whether to accept the forms of the tutorial: `/oauth2/token`, and `dateFrom` and `size` in the details query. @default true */
  tutorialForms?: boolean;
  /** Longest interval of a details query, in milliseconds. @default 7 days */
  maxInterval?: number;
  /** Largest page of a details query. @default 100 */
  maxPageSize?: number;
  /** Number of results after which a details query cannot be paged further. @default 100000 */
  maxResults?: number;
  /**
   * Which conversations a details query returns. `activity`: active in the interval, and started on a UTC day of the interval.
   * `day`: started on a UTC day of the interval. `start`: started in the interval, so that adjacent intervals never repeat a record.
   * @default 'activity'
   */
  intervalMatching?: 'activity' | 'day' | 'start';
  /** Options of details jobs and data extraction jobs. */
  jobs?: {
    /** How often the status of a job is not final. @default 2 */
    polls?: number;
    /** Milliseconds from submission to expiry. @default 7 days */
    lifetime?: number;
    /** Returns the final state of the n-th job, n from 1. @default FULFILLED */
    outcome?: (n: number) => Extract<DetailsJobState, 'FULFILLED' | 'FAILED' | 'CANCELLED'>;
    /** ISO 8601 date up to which jobs have data. @default the end of the data, or `dataClock` */
    availability?: string;
    /** How many milliseconds the data of details jobs are behind `dataClock`. @default 0 */
    availabilityLag?: number;
  };
  /** Probability that an entity of a bulk call fails, 0 to 1. The seed determines which ones. @default 0 */
  bulkFailures?: number;
  /** Largest number of contacts in one import call. @default 1000 */
  maxContacts?: number;
  /** How many requests the log keeps. @default 1000 */
  requestLog?: number;
}

const OPTIONS: OptionTable<SimulatorOptions> = {
  seed: 'number',
  records: 'number',
  interval: 'string',
  clientId: 'string',
  clientSecret: 'string',
  accessKeyId: 'string',
  accessKeySecret: 'string',
  tenantId: 'string',
  tokenLifetime: 'number',
  refreshTokenLifetime: 'number',
  tokenDelay: 'number',
  pageDelay: 'number',
  revokeEvery: 'number',
  faults: 'any',
  tokenFaults: 'any',
  port: 'number',
  host: 'string',
  clock: 'any',
  dataClock: 'any',
  longConversations: 'number',
  lateChanges: 'object',
  lateArrivals: 'object',
  tutorialForms: 'boolean',
  maxInterval: 'number',
  maxPageSize: 'number',
  maxResults: 'number',
  intervalMatching: 'string',
  jobs: 'object',
  bulkFailures: 'number',
  maxContacts: 'number',
  requestLog: 'number',
};

const JOB_OPTIONS: OptionTable<NonNullable<SimulatorOptions['jobs']>> = {
  polls: 'number',
  lifetime: 'number',
  outcome: 'function',
  availability: 'string',
  availabilityLag: 'number',
};

const LATENESS: OptionTable<Lateness> = { share: 'number', delay: 'number' };

/** The options with defaults. */
export interface Settings {
  seed: number;
  records: number;
  start: number;
  end: number;
  timeline: TimelineSettings;
  clientId: string;
  clientSecret: string;
  accessKeyId: string;
  accessKeySecret: string;
  tenantId: string;
  genesysLifetime: number;
  cxoneLifetime: number;
  refreshTokenLifetime: number;
  tokenDelay: number;
  pageDelay: number;
  revokeEvery: number;
  port: number;
  host: string;
  now: () => number;
  /** The time at which the data are read: `Infinity` without a clock of the data. */
  dataNow: () => number;
  tutorialForms: boolean;
  maxInterval: number;
  maxPageSize: number;
  maxResults: number;
  intervalMatching: 'activity' | 'day' | 'start';
  jobPolls: number;
  jobLifetime: number;
  jobOutcome: (n: number) => DetailsJobState;
  /** Returns the time up to which jobs have data. */
  availability: () => number;
  bulkFailures: number;
  maxContacts: number;
  requestLog: number;
  /** Distinguishes the tokens of this simulator from those of other simulators with the same seed. */
  salt: string;
}

export const DEFAULTS = {
  seed: 1,
  records: 1000,
  interval: '2023-10-01T00:00:00.000Z/2023-10-08T00:00:00.000Z',
  genesysLifetime: 86_400,
  cxoneLifetime: 3_600,
} as const;

/** Adds the defaults to the options. @throws ConfigurationError that lists every problem. */
export function resolveOptions(given: SimulatorOptions): Settings {
  const [options, problems] = readOptions(given, OPTIONS);
  const [jobs, jobProblems] = readOptions(options.jobs, JOB_OPTIONS, 'jobs.');
  const { records = DEFAULTS.records } = options;
  const interval = parseInterval(String(options.interval ?? DEFAULTS.interval));
  const { start = 0, end = 0 } = interval ?? {};
  const { dataClock, longConversations = 0 } = options;
  const dataNow = () => dataClock?.now() ?? Number.POSITIVE_INFINITY;
  const lastDate = dataClock ? Number.POSITIVE_INFINITY : end;
  const availability = jobs.availability === undefined ? lastDate : Date.parse(jobs.availability);
  const [lateChanges, changeProblems] = readLateness(options, 'lateChanges');
  const [lateArrivals, arrivalProblems] = readLateness(options, 'lateArrivals');
  refuse('startVendorSimulator', [
    ...problems,
    ...jobProblems,
    ...changeProblems,
    ...arrivalProblems,
    dataClock && typeof dataClock.now !== 'function' && 'dataClock must have the function now',
    longConversations > 1 && `longConversations must be a number from 0 to 1, not ${longConversations}`,
    !interval && `interval must be "start/end" in ISO 8601, not ${options.interval}`,
    Number.isNaN(availability) && `jobs.availability must be an ISO 8601 date, not ${jobs.availability}`,
    (!Number.isSafeInteger(records) || records > 0xffff_ffff) &&
      `records must be a whole number below 2^32, not ${records}`,
  ]);
  return {
    seed: options.seed ?? DEFAULTS.seed,
    records,
    start,
    end,
    timeline: {
      longConversations,
      ...(lateChanges && { lateChanges }),
      ...(lateArrivals && { lateArrivals }),
    },
    clientId: options.clientId ?? '6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c',
    clientSecret: options.clientSecret ?? 'sim/Secret+with=signs~and:colon',
    accessKeyId: options.accessKeyId ?? 'SIMULATEDACCESSKEYID234567====',
    accessKeySecret: options.accessKeySecret ?? 'SIMULATEDACCESSKEYSECRET234567====',
    tenantId: options.tenantId ?? '11eb5a50-1c2d-4e3f-9a4b-0242ac110003',
    genesysLifetime: options.tokenLifetime ?? DEFAULTS.genesysLifetime,
    cxoneLifetime: options.tokenLifetime ?? DEFAULTS.cxoneLifetime,
    refreshTokenLifetime: options.refreshTokenLifetime ?? Number.POSITIVE_INFINITY,
    tokenDelay: options.tokenDelay ?? 0,
    pageDelay: options.pageDelay ?? 0,
    revokeEvery: options.revokeEvery ?? Number.POSITIVE_INFINITY,
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    now: () => (options.clock ?? Date).now(),
    dataNow,
    tutorialForms: options.tutorialForms ?? true,
    maxInterval: options.maxInterval ?? 7 * DAY,
    maxPageSize: options.maxPageSize ?? 100,
    maxResults: options.maxResults ?? 100_000,
    intervalMatching: options.intervalMatching ?? 'activity',
    jobPolls: jobs.polls ?? 2,
    jobLifetime: jobs.lifetime ?? 7 * DAY,
    jobOutcome: jobs.outcome ?? (() => 'FULFILLED' as const),
    availability: () => Math.min(availability, dataNow() - (jobs.availabilityLag ?? 0)),
    bulkFailures: options.bulkFailures ?? 0,
    maxContacts: options.maxContacts ?? 1000,
    requestLog: options.requestLog ?? 1000,
    salt: randomBytes(9).toString('base64url'),
  };
}

function readLateness(
  options: SimulatorOptions,
  name: 'lateChanges' | 'lateArrivals',
): [Required<Lateness> | undefined, Problem[]] {
  if (options[name] === undefined) return [undefined, []];
  const [{ share, delay = 12 * HOUR }, problems] = readOptions(options[name], LATENESS, `${name}.`);
  return [
    { share, delay },
    [
      ...problems,
      !(share <= 1) && `${name}.share must be a number from 0 to 1, not ${share}`,
      !options.dataClock && `${name} requires dataClock`,
    ],
  ];
}

/** Reads an ISO 8601 interval `start/end`. Returns undefined if it is invalid or does not end after its start. */
export function parseInterval(text: string): { start: number; end: number } | undefined {
  const [from, to, more] = text.split('/');
  if (from === undefined || to === undefined || more !== undefined) return undefined;
  const start = parseTime(from);
  const end = parseTime(to);
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined;
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Reads an ISO 8601 time, in UTC if it has no time zone, like the vendors. Returns undefined if it is invalid. */
export function parseTime(text: string): number | undefined {
  const match = ISO_TIME.exec(text);
  if (!match) return undefined;
  const time = Date.parse(match[1] === undefined || match[4] !== undefined ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
